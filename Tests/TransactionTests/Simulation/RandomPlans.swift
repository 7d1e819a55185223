import GraphModel
import Simulation

/// Random graphs over simulated disks, and random changes of them.
struct RandomPlans {
    static let diskCount = 4
    static let exportNames = ["e", "f", "g"]

    var random: SeededRandom
    private var nameCount = 0

    init(seed: UInt64) { random = SeededRandom(seed: seed) }

    /// A graph with one export over each of some disks.
    mutating func start() -> GraphDescription {
        var graph = GraphDescription()
        for group in ["g", "h"] {
            graph.throttleGroups[group] = ThrottleGroupDescription(
                name: group,
                limits: Options([
                    ("iops-total", .integer(Int64.random(in: 200...20_000, using: &random)))
                ])
            )
        }
        for disk in 0..<Self.diskCount {
            graph.nodes["d\(disk)"] = file("d\(disk)", disk)
        }
        for (index, name) in Self.exportNames.enumerated() {
            graph.exports[name] = export(name, of: "d\(index)")
        }
        return graph
    }

    /// Another graph: one to three changes on.
    mutating func change(_ graph: GraphDescription) -> GraphDescription {
        var graph = graph
        for name in graph.nodes.keys { graph.nodes[name]?.formerly = nil }
        for _ in 0..<Int.random(in: 1...3, using: &random) { changeOnce(&graph) }
        return graph
    }

    private mutating func changeOnce(_ graph: inout GraphDescription) {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<3: insertFilter(&graph)
        case 3..<5: removeFilter(&graph)
        case 5: repoint(&graph)
        case 6: switchFile(&graph)
        case 7: swapFiles(&graph)
        case 8: rename(&graph)
        case 9: toggleExport(&graph)
        case 10: changeOptions(&graph)
        default: changeLimits(&graph)
        }
    }

    private mutating func insertFilter(_ graph: inout GraphDescription) {
        guard graph.nodes.count < 40 else { return }
        nameCount += 1
        let name = "x\(nameCount)"
        let child: String
        if random.oneIn(2), let export = pickExport(graph) {
            child = graph.exports[export]?.node ?? ""
            graph.exports[export]?.node = name
        } else if let parent = pickFilter(graph) {
            child = graph.nodes[parent]?.children.first?.node ?? ""
            graph.nodes[parent]?.children[0].node = name
        } else {
            return
        }
        let driver = random.pick(["raw", "throttle", "blkdebug"])
        var options = Options()
        if driver == "throttle" { options["throttle-group"] = .text(random.pick(["g", "h"])) }
        if driver == "blkdebug" {
            options["delay"] = .integer(Int64.random(in: 0...3_000_000, using: &random))
        }
        graph.nodes[name] = NodeDescription(
            name: name,
            driver: driver,
            options: options,
            children: [
                ChildReference(edge: driver == "blkdebug" ? "image" : "file", node: child)
            ]
        )
    }

    private mutating func removeFilter(_ graph: inout GraphDescription) {
        guard let name = pickFilter(graph), let child = graph.nodes[name]?.children.first?.node
        else { return }
        graph.nodes[name] = nil
        replace(name, by: child, &graph)
    }

    private func replace(_ name: String, by other: String, _ graph: inout GraphDescription) {
        for parent in graph.nodes.keys where graph.nodes[parent]?.children.first?.node == name {
            graph.nodes[parent]?.children[0].node = other
        }
        for export in graph.exports.keys where graph.exports[export]?.node == name {
            graph.exports[export]?.node = other
        }
    }

    private mutating func repoint(_ graph: inout GraphDescription) {
        guard let export = pickExport(graph) else { return }
        let node = random.pick(graph.nodes.keys.sorted())
        graph.exports[export]?.node = node
    }

    private mutating func switchFile(_ graph: inout GraphDescription) {
        guard let name = pickFile(graph) else { return }
        let disk = Int.random(in: 0..<Self.diskCount, using: &random)
        graph.nodes[name]?.options["filename"] = .text("disk\(disk)")
    }

    private mutating func swapFiles(_ graph: inout GraphDescription) {
        guard let one = pickFile(graph), let other = pickFile(graph) else { return }
        let first = graph.nodes[one]?.options["filename"]
        let second = graph.nodes[other]?.options["filename"]
        graph.nodes[one]?.options["filename"] = second
        graph.nodes[other]?.options["filename"] = first
    }

    private mutating func rename(_ graph: inout GraphDescription) {
        let old = random.pick(graph.nodes.keys.sorted())
        nameCount += 1
        let name = "y\(nameCount)"
        // One that was made by this very plan has no former name.
        guard var node = graph.nodes[old], node.formerly == nil, old != "x\(nameCount - 1)" else {
            return
        }
        graph.nodes[old] = nil
        node.name = name
        node.formerly = old
        graph.nodes[name] = node
        replace(old, by: name, &graph)
    }

    private mutating func toggleExport(_ graph: inout GraphDescription) {
        let name = random.pick(Self.exportNames)
        if graph.exports[name] == nil {
            graph.exports[name] = export(name, of: random.pick(graph.nodes.keys.sorted()))
        } else if graph.exports.count > 1 {
            graph.exports[name] = nil
        }
    }

    private mutating func changeOptions(_ graph: inout GraphDescription) {
        guard let name = pickFilter(graph) else { return }
        switch graph.nodes[name]?.driver {
        case "blkdebug":
            graph.nodes[name]?.options["delay"] = .integer(
                Int64.random(in: 0...3_000_000, using: &random)
            )
        case "throttle":
            graph.nodes[name]?.options["throttle-group"] = .text(random.pick(["g", "h"]))
        default: break
        }
    }

    private mutating func changeLimits(_ graph: inout GraphDescription) {
        graph.throttleGroups["g"]?.limits["iops-total"] = .integer(
            Int64.random(in: 200...20_000, using: &random)
        )
    }

    private mutating func pickFilter(_ graph: GraphDescription) -> String? {
        let found = graph.nodes.values.filter { !$0.children.isEmpty }.map(\.name).sorted()
        return found.isEmpty ? nil : random.pick(found)
    }

    private mutating func pickFile(_ graph: GraphDescription) -> String? {
        let found = graph.nodes.values.filter { $0.driver == "file" }.map(\.name).sorted()
        return found.isEmpty ? nil : random.pick(found)
    }

    private mutating func pickExport(_ graph: GraphDescription) -> String? {
        graph.exports.isEmpty ? nil : random.pick(graph.exports.keys.sorted())
    }

    private func file(_ name: String, _ disk: Int) -> NodeDescription {
        NodeDescription(
            name: name,
            driver: "file",
            options: Options([("filename", .text("disk\(disk)"))])
        )
    }

    private func export(_ name: String, of node: String) -> ExportDescription {
        ExportDescription(
            name: name,
            type: "nbd",
            node: node,
            listener: "l",
            options: Options([("writable", .flag(true))])
        )
    }

    /// Disks that exports show, through filters.
    static func disks(_ graph: GraphDescription) -> [String: Int] {
        var found: [String: Int] = [:]
        for (name, export) in graph.exports {
            var node = graph.nodes[export.node]
            while let child = node?.children.first { node = graph.nodes[child.node] }
            found[name] = node.flatMap(SimulatedFileKind.disk)
        }
        return found
    }
}
