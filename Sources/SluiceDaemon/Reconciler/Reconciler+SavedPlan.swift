internal import ControlAPI
internal import GraphModel
internal import Reconciliation

// Plans that were saved and are run once, later.
extension Reconciler {
    /// What a person hands in comes to.
    enum Wish {
        /// A graph that may be tried, and the saved plan that leads to it.
        case desired(DesiredState, SavedPlan?)
        /// Nothing that may be tried.
        case refused(Verdict)
    }

    /// What a request wishes: what its files say, or what a saved plan makes of what is live.
    func wish(of request: ApplyRequest) -> Wish {
        guard let text = request.savedPlan else {
            let desired = DesiredState(request: request, limits: reader.limits)
            return desired.resolved == nil
                ? .refused(desired.rejection) : .desired(desired, nil)
        }
        do throws(SavedPlanError) {
            let plan = try SavedPlan(encoded: Array(text.utf8))
            if let record = store.generations(countMax: Self.generationsKept).first(where: {
                $0.savedPlan == plan.id
            }) {
                return .refused(
                    Verdict(
                        .stalePlan,
                        "AlreadyApplied",
                        "this plan was already applied as @\(record.generation); a plan runs once"
                    )
                )
            }
            let graph = try plan.target(from: self.graph.liveDescription)
            let desired = DesiredState(description: graph, baseDirectory: request.baseDirectory)
            return desired.resolved == nil
                ? .refused(desired.rejection) : .desired(desired, plan)
        } catch {
            switch error {
            case .damaged: return .refused(Verdict(.refused, "DamagedPlan", error.reason))
            case .stale:
                return .refused(
                    Verdict(.stalePlan, "StalePlan", error.reason + "; plan again and look at it")
                )
            }
        }
    }

    /// How many generations are looked at for a plan that was run.
    private static let generationsKept = 200
}

extension GenerationRecord {
    /// Name of the member that holds the saved plan's name.
    static let savedPlanKey = "saved-plan"

    /// Name of the saved plan that led to this generation.
    fileprivate var savedPlan: String? { plan[Self.savedPlanKey]?.text }
}

extension DesiredState {
    /// A graph that a saved plan leads to.
    init(description: GraphDescription, baseDirectory: String) {
        self.init(
            record: GenerationRecord(
                generation: 0,
                digest: description.digest,
                unixSeconds: 0,
                origin: .hand,
                actor: nil,
                source: "",
                baseDirectory: baseDirectory,
                commit: nil,
                description: description,
                plan: .null
            )
        )
    }
}
