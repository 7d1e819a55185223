import GraphModel
import Testing

@testable import Reconciliation

@Suite("Guards of plans")
struct PlanGuardsTests {
    /// A plan that removes the last of twenty exports, each of a node of its own.
    private func removal(of count: Int, onRemove: String = "refuse") -> Plan {
        func graph(_ left: Int) -> Configuration {
            var text = "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:/l\"}}\nnodes:\n"
            for number in 0..<left { text += "  n\(number): {driver: null-co}\n" }
            if left == 0 { text += "  x: {driver: null-co}\n" }
            text += "exports:\n"
            for number in 0..<left {
                text += "  e\(number): {type: nbd, node: n\(number), on-remove: \(onRemove)}\n"
            }
            if left == 0 { text += "  {}\n" }
            return Configuration(
                texts: [ConfigurationText(path: "a.yaml", bytes: Array(text.utf8))])
        }
        let (live, left) = (graph(20), graph(20 - count))
        return Plan(
            live: live.description,
            desired: left.description,
            marks: left.marks,
            liveMarks: live.marks
        )
    }

    private func codes(
        _ guards: PlanGuards,
        _ plan: Plan,
        clients: [String: Int]? = [:],
        allowed: Set<String> = []
    ) -> [String] {
        guards.results(of: plan, clients: clients, allowed: allowed).compactMap(\.finding?.code)
    }

    @Test(
        "a quarter of the exports may go, not one more",
        arguments: [
            (percent: 25, removed: 5, isHeld: false), (25, 6, true), (0, 1, true), (0, 0, false),
            (100, 20, false), (50, 10, false), (49, 10, true),
        ]
    )
    func part(percent: Int, removed: Int, isHeld: Bool) {
        let guards = PlanGuards(removedExportsPercentMax: percent)
        #expect(codes(guards, removal(of: removed)) == (isHeld ? ["E0602"] : []))
    }

    @Test("a name that is allowed does not make the count of the others smaller")
    func allowed() {
        let plan = removal(of: 6)
        let names = (14..<20).map { "e\($0)" }
        #expect(codes(PlanGuards(), plan, allowed: Set(names.dropLast())) == ["E0602"])
        #expect(codes(PlanGuards(), plan, allowed: Set(names)).isEmpty)
        #expect(codes(PlanGuards(), plan, allowed: Set(names.map { "export/\($0)" })).isEmpty)
    }

    @Test("an export with clients stays, unless it says that it may go or a person does")
    func clients() throws {
        let guards = PlanGuards()
        let results = guards.results(of: removal(of: 1), clients: ["e19": 2])
        let finding = try #require(results.compactMap(\.finding).first)
        #expect(finding.code == "E0611")
        #expect(finding.message == "export e19 has 2 connected clients and is to be removed")
        #expect(finding.mark?.line == 44)
        #expect(
            finding.help.last == "when this is meant, run: sluice apply PATH --allow-remove e19"
        )
        #expect(codes(guards, removal(of: 1), clients: ["e19": 2], allowed: ["e19"]).isEmpty)
        #expect(codes(guards, removal(of: 1), clients: ["e0": 2]).isEmpty)
        for word in ["drain", "disconnect"] {
            #expect(codes(guards, removal(of: 1, onRemove: word), clients: ["e19": 2]).isEmpty)
        }
    }

    @Test("more than five exports with clients are held though each may go")
    func manyClients() {
        let clients = Dictionary(uniqueKeysWithValues: (0..<20).map { ("e\($0)", 1) })
        let guards = PlanGuards(removedExportsPercentMax: nil)
        #expect(codes(guards, removal(of: 5, onRemove: "drain"), clients: clients).isEmpty)
        #expect(codes(guards, removal(of: 6, onRemove: "drain"), clients: clients) == ["E0603"])
    }

    @Test("guards of clients are not asked when nobody knows of clients")
    func unknownClients() {
        let names = PlanGuards().results(of: removal(of: 1), clients: nil).map(\.name)
        #expect(names == ["removed-exports-percent"])
    }

    @Test("P16: when all files say nothing any more, nothing goes that was not named")
    func empty() throws {
        let plan = removal(of: 20)
        let finding = try #require(
            PlanGuards().results(of: plan, clients: [:]).compactMap(\.finding).first
        )
        #expect(finding.code == "E0602")
        #expect(finding.message.hasPrefix("20 of 20 exports would be removed"))
        #expect(finding.message.hasSuffix("and 12 more)"))
        let names = (0..<20).map { "e\($0)" }
        #expect(codes(PlanGuards(), plan, allowed: Set(names.dropLast())) == ["E0602"])
        #expect(codes(PlanGuards(), plan, allowed: Set(names)).isEmpty)
    }

    @Test("limits travel as JSON, and what is not said is not limited")
    func json() {
        for guards in [
            PlanGuards(), PlanGuards(removedObjectsMax: 3),
            PlanGuards(removedExportsPercentMax: nil, removedWithClientsMax: 0),
        ] {
            #expect(PlanGuards(json: guards.json) == guards)
        }
    }
}
