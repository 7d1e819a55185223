import ArgumentParser
import Reconciliation

/// Limits of guards, for those who want others than the usual ones; the same for all commands.
struct GuardOptions: ParsableArguments {
    @Option(
        name: .customLong("guard-removed-exports"),
        help: ArgumentHelp(
            "Hold a plan that removes more than this part of the exports (default 25).",
            valueName: "percent"
        )
    )
    var removedExportsPercent: Int?

    @Option(
        name: .customLong("guard-removed-with-clients"),
        help: ArgumentHelp(
            "Hold a plan that removes more exports with clients than this (default 5).",
            valueName: "count"
        )
    )
    var removedWithClients: Int?

    @Option(
        name: .customLong("guard-removed-objects"),
        help: ArgumentHelp(
            "Hold a plan that removes more objects than this (default: any number).",
            valueName: "count"
        )
    )
    var removedObjects: Int?

    /// Whether any was given: then guards refuse also a plan that no daemon is asked about.
    var isGiven: Bool {
        removedExportsPercent != nil || removedWithClients != nil || removedObjects != nil
    }

    /// The limits that were given, in place of others.
    ///
    /// - Parameter usual: Limits for what was not given; without any, and when some were given,
    ///   what was not given is not limited.
    /// - Returns: The limits.
    func guards(of usual: PlanGuards?) -> PlanGuards {
        let unlimited = PlanGuards(removedExportsPercentMax: nil, removedWithClientsMax: nil)
        var guards = usual ?? (isGiven ? unlimited : PlanGuards())
        if let removedExportsPercent { guards.removedExportsPercentMax = removedExportsPercent }
        if let removedWithClients { guards.removedWithClientsMax = removedWithClients }
        if let removedObjects { guards.removedObjectsMax = removedObjects }
        return guards
    }

    func validate() throws {
        guard (0...100).contains(removedExportsPercent ?? 0) else {
            throw ValidationError("--guard-removed-exports wants 0 to 100 percent")
        }
        for limit in [removedWithClients, removedObjects] where limit ?? 0 < 0 {
            throw ValidationError("a guard's limit is at least 0")
        }
    }
}
