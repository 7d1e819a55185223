import GraphModel
import Reconciliation
import Testing

@Suite("Properties of plans over random configurations")
struct PlanPropertyTests {
    private static let rounds = 1_500

    @Test("P1, P9: a plan from a graph to itself is empty, however it is written")
    func sameIsEmpty() {
        var numbers = SeededNumbers(seed: 1)
        for round in 0..<Self.rounds {
            let configuration = RandomConfiguration(using: &numbers)
            let one = configuration.graph(using: &numbers)
            let other = configuration.graph(using: &numbers)
            let plan = Plan(live: one, desired: other)
            #expect(plan.isEmpty && plan.steps.isEmpty, "round \(round)")
            #expect(plan.exports.allSatisfy { $0.impact == .untouched }, "round \(round)")
        }
    }

    @Test("P7: order of files and keys changes no plan")
    func orderMeansNothing() {
        var numbers = SeededNumbers(seed: 2)
        for round in 0..<Self.rounds / 3 {
            let (a, b) = (
                RandomConfiguration(using: &numbers), RandomConfiguration(using: &numbers)
            )
            let first = Plan(live: a.graph(using: &numbers), desired: b.graph(using: &numbers))
            let second = Plan(live: a.graph(using: &numbers), desired: b.graph(using: &numbers))
            #expect(first.id == second.id, "round \(round)")
            #expect(first.json == second.json, "round \(round)")
        }
    }

    @Test("what a plan says, done to what is live, gives what is wished")
    func applyingGivesDesired() throws {
        var numbers = SeededNumbers(seed: 3)
        for round in 0..<Self.rounds {
            let live = RandomConfiguration(using: &numbers).graph(using: &numbers)
            let desired = RandomConfiguration(using: &numbers).graph(using: &numbers)
            let plan = Plan(live: live, desired: desired)
            let saved = SavedPlan(plan, json: plan.json, baseDirectory: "/disks")
            let read = try SavedPlan(encoded: saved.encoded)
            #expect(read.baseDirectory == "/disks")
            let target = try read.target(from: live)
            #expect(target.digest == desired.digest, "round \(round)")
            #expect(Plan(live: target, desired: desired).isEmpty, "round \(round)")
        }
    }

    @Test("a rename by formerly, done, gives what is wished, and is not done twice")
    func renames() throws {
        var numbers = SeededNumbers(seed: 4)
        for round in 0..<Self.rounds / 3 {
            let live = RandomConfiguration(using: &numbers).graph(using: &numbers)
            guard let former = live.nodes.keys.sorted().first(where: { !$0.contains(".") }) else {
                continue
            }
            var desired = live
            for (name, node) in live.nodes {
                for (place, child) in node.children.enumerated() where child.node == former {
                    desired.nodes[name]?.children[place].node = "renamed"
                }
            }
            for (name, export) in live.exports where export.node == former {
                desired.exports[name]?.node = "renamed"
            }
            var node = desired.nodes.removeValue(forKey: former)
            node?.name = "renamed"
            node?.formerly = former
            desired.nodes["renamed"] = node
            // Inline children are named after their parent.
            for child in node?.children ?? [] where child.node == "\(former).\(child.edge)" {
                var inner = desired.nodes.removeValue(forKey: child.node)
                inner?.name = "renamed.\(child.edge)"
                desired.nodes["renamed.\(child.edge)"] = inner
                let place = desired.nodes["renamed"]?.children.firstIndex(of: child) ?? 0
                desired.nodes["renamed"]?.children[place].node = "renamed.\(child.edge)"
            }
            let plan = Plan(live: live, desired: desired)
            #expect(plan.actions.allSatisfy { $0.kind == .rename }, "round \(round)")
            #expect(plan.exports.allSatisfy { $0.impact == .untouched }, "round \(round)")
            let target = try SavedPlan(plan, json: plan.json).target(from: live)
            #expect(target.digest == desired.digest, "round \(round)")
            #expect(Plan(live: target, desired: desired).isEmpty, "round \(round)")
        }
    }

    @Test("P25: what is live, said as graph and read again, gives an empty plan")
    func roundTrip() throws {
        var numbers = SeededNumbers(seed: 5)
        for round in 0..<Self.rounds {
            let graph = RandomConfiguration(using: &numbers).graph(using: &numbers)
            let dump = try LiveDump(json: Self.dump(graph))
            #expect(dump.description.digest == graph.digest, "round \(round)")
            #expect(Plan(live: dump.description, desired: graph).isEmpty, "round \(round)")
        }
    }

    /// What `sluice show -o json` says of a graph, without what a planner does not read.
    static func dump(_ graph: GraphDescription) -> JSONValue {
        let plain = graph.json
        func list(_ section: String, _ form: (JSONValue) -> JSONValue) -> JSONValue {
            .list(
                (plain[section]?.members ?? []).map { member in
                    .object(
                        [.init("name", .text(member.key))] + (form(member.value).members ?? [])
                    )
                }
            )
        }
        return [
            "format": "sluice.show/1", "generation": 7,
            "iothreads": plain["iothreads"] ?? .null,
            "throttle-groups": plain["throttle-groups"] ?? .null,
            "listeners": plain["listeners"] ?? .null,
            "nodes": list("nodes") { node in
                let children = (node["children"]?.list ?? []).map {
                    JSONValue.Member($0["edge"]?.text ?? "", $0["node"] ?? .null)
                }
                return [
                    "driver": node["driver"] ?? .null, "options": node["options"] ?? .null,
                    "children": .object(children),
                ]
            },
            "exports": list("exports") { $0 },
        ]
    }
}
