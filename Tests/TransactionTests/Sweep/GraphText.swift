/// A configuration in parts, so that changes can be made of it.
struct GraphText: Sendable {
    /// One node.
    struct Node: Sendable {
        var driver: String
        var options = ""
        var children: [(edge: String, name: String)] = []
    }

    /// One export.
    struct Export: Sendable {
        var node: String
        var options = ""
        var listener = "l"
    }

    var title = ""
    /// Files that are empty at the start, so that images are made in them.
    var emptyFiles: Set<String> = []
    /// Whether all files have the same content at the start.
    var hasEqualFiles = false
    /// Whether it is of drivers that may refuse a child that others would take.
    var isChoosy = false
    var nodes: [String: Node] = [:]
    var exports: [String: Export] = [:]
    var threads = ["io0", "io1"]
    var groups = ["g": "iops-total: 1000000", "h": "iops-total: 2000000"]
    var listeners = ["l": "unix:{dir}/l.sock"]

    /// What comes before the nodes.
    var prelude: String {
        section("iothreads", threads.map { "\($0): {}" })
            + section("throttle-groups", groups.map { "\($0.key): {\($0.value)}" })
            + section(
                "listeners",
                listeners.map { "\($0.key): {type: nbd, address: \"\($0.value)\"}" }
            )
    }

    /// Nodes and exports.
    var text: String {
        section(
            "nodes",
            nodes.map { name, node in
                var parts = ["driver: \(node.driver)"]
                if !node.options.isEmpty { parts.append(node.options) }
                let list = node.children.filter { $0.edge == "children" }.map(\.name)
                if !list.isEmpty { parts.append("children: [\(list.joined(separator: ", "))]") }
                parts += node.children.filter { $0.edge != "children" }
                    .map { "\($0.edge): \($0.name)" }
                return "\(name): {\(parts.joined(separator: ", "))}"
            }
        )
            + section(
                "exports",
                exports.map { name, export in
                    "\(name): {type: nbd, node: \(export.node), listener: \(export.listener), "
                        + "on-remove: disconnect\(export.options.isEmpty ? "" : ", ")"
                        + "\(export.options)}"
                }
            )
    }

    private func section(_ name: String, _ lines: [String]) -> String {
        lines.isEmpty ? "" : "\(name):\n" + lines.sorted().map { "  \($0)\n" }.joined()
    }

    /// A file node.
    mutating func file(_ name: String, _ options: String = "") {
        nodes[name] = Node(
            driver: "file",
            options: "filename: \(name).raw" + (options.isEmpty ? "" : ", \(options)")
        )
    }

    /// A filter over a node.
    mutating func filter(_ name: String, _ driver: String, over child: String) {
        let edge = driver == "blkdebug" ? "image" : "file"
        nodes[name] = Node(
            driver: driver,
            options: driver == "throttle" ? "throttle-group: g" : "",
            children: [(edge, child)]
        )
    }

    /// An export.
    mutating func export(_ name: String, of node: String, _ options: String = "writable: true") {
        exports[name] = Export(node: node, options: options)
    }
}

/// Graphs that changes start from.
enum GraphForms {
    static let all: [GraphText] = [
        form("a file") { $0.export("e", of: "disk") },
        form("raw") {
            $0.filter("r", "raw", over: "disk")
            $0.export("e", of: "r")
        },
        form("throttle") {
            $0.filter("t", "throttle", over: "disk")
            $0.export("e", of: "t")
        },
        form("blkdebug") {
            $0.filter("b", "blkdebug", over: "disk")
            $0.export("e", of: "b")
        },
        form("throttle over raw") {
            $0.filter("r", "raw", over: "disk")
            $0.filter("t", "throttle", over: "r")
            $0.export("e", of: "t")
        },
        form("two disks") {
            $0.file("other")
            $0.export("e", of: "disk")
            $0.export("f", of: "other")
        },
        form("two disks under filters") {
            $0.file("other")
            $0.filter("t", "throttle", over: "disk")
            $0.filter("u", "throttle", over: "other")
            $0.export("e", of: "t")
            $0.export("f", of: "u")
        },
        form("readers of one disk") {
            $0.filter("t", "throttle", over: "disk")
            $0.filter("u", "raw", over: "disk")
            $0.export("e", of: "t", "writable: false")
            $0.export("f", of: "u", "writable: false")
        },
        form("six filters") { graph in
            var below = "disk"
            for (index, driver) in ["raw", "throttle", "blkdebug", "raw", "throttle", "raw"]
                .enumerated()
            {
                graph.filter("n\(index)", driver, over: below)
                below = "n\(index)"
            }
            graph.export("e", of: below)
        },
        form("a thread of its own") {
            $0.filter("t", "throttle", over: "disk")
            $0.export("e", of: "t", "writable: true, iothread: io0")
        },
        form("a disk on two threads") {
            $0.filter("t", "throttle", over: "disk")
            $0.export("e", of: "t", "writable: false, iothread: io0")
            $0.export("f", of: "disk", "writable: false")
        },
        form("clients on two threads") {
            $0.filter("t", "throttle", over: "disk")
            $0.export("e", of: "t", "writable: true, iothread: [default, io0]")
        },
        form("nodes that nobody uses") {
            $0.file("spare")
            $0.filter("over", "raw", over: "spare")
            $0.export("e", of: "disk")
        },
    ]

    private static func form(_ title: String, _ build: (inout GraphText) -> Void) -> GraphText {
        var graph = GraphText(title: title)
        graph.file("disk")
        build(&graph)
        return graph
    }
}
