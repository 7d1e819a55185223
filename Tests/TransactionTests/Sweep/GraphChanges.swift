/// Changes of a configuration; each says nothing when it does not apply.
enum GraphChanges {
    struct Change: Sendable {
        let title: String
        let make: @Sendable (inout GraphText) -> Bool
    }

    static let all: [Change] = filters + disks + exports + options + services

    private static func change(
        _ title: String,
        _ make: @escaping @Sendable (inout GraphText) -> Bool
    ) -> Change {
        Change(title: title, make: make)
    }

    private static let filters: [Change] =
        ["throttle", "raw", "blkdebug"].map { driver in
            change("\(driver) goes in at the top") { graph in
                guard let top = graph.exports["e"]?.node else { return false }
                graph.filter("in", driver, over: top)
                graph.exports["e"]?.node = "in"
                return true
            }
        } + [
            change("a filter goes in at the bottom") { graph in
                guard let above = parent(of: "disk", graph) else { return false }
                graph.filter("in", "throttle", over: "disk")
                graph.nodes[above]?.children[0].name = "in"
                return true
            },
            change("three filters go in at once") { graph in
                guard let top = graph.exports["e"]?.node else { return false }
                graph.filter("in0", "raw", over: top)
                graph.filter("in1", "throttle", over: "in0")
                graph.filter("in2", "blkdebug", over: "in1")
                graph.exports["e"]?.node = "in2"
                return true
            },
            change("the topmost filter goes out") { graph in
                guard let top = graph.exports["e"]?.node,
                    let child = graph.nodes[top]?.children.first?.name
                else { return false }
                graph.exports["e"]?.node = child
                graph.nodes[top] = nil
                return true
            },
            change("all filters go out") { graph in
                guard graph.exports["e"]?.node != "disk" else { return false }
                for name in graph.nodes.keys where graph.nodes[name]?.children.isEmpty == false {
                    graph.nodes[name] = nil
                }
                graph.exports["e"]?.node = "disk"
                if graph.exports["f"] != nil {
                    graph.exports["f"]?.node = graph.nodes["other"] == nil ? "disk" : "other"
                }
                return true
            },
        ]

    private static let disks: [Change] = [
        change("the file is switched") { graph in
            graph.nodes["disk"]?.options = "filename: second.raw"
            return true
        },
        change("a new file is made and served instead") { graph in
            graph.file("made", "create: {size: 64KiB}")
            let name = parent(of: "disk", graph)
            if let name {
                graph.nodes[name]?.children[0].name = "made"
            } else {
                graph.exports["e"]?.node = "made"
            }
            return true
        },
        change("the disk becomes another kind") { graph in
            graph.nodes["disk"] = GraphText.Node(driver: "null-co", options: "size: 64KiB")
            return true
        },
        change("the disk is renamed") { graph in
            guard var node = graph.nodes.removeValue(forKey: "disk") else { return false }
            node.options += ", formerly: disk"
            graph.nodes["renamed"] = node
            for name in graph.nodes.keys {
                for index in graph.nodes[name]?.children.indices ?? 0..<0
                where graph.nodes[name]?.children[index].name == "disk" {
                    graph.nodes[name]?.children[index].name = "renamed"
                }
            }
            for name in graph.exports.keys where graph.exports[name]?.node == "disk" {
                graph.exports[name]?.node = "renamed"
            }
            return true
        },
        change("two disks swap their files") { graph in
            guard graph.nodes["other"] != nil else { return false }
            graph.nodes["disk"]?.options = "filename: other.raw"
            graph.nodes["other"]?.options = "filename: disk.raw"
            return true
        },
        change("nodes that nobody uses come") { graph in
            graph.file("second")
            graph.filter("over0", "raw", over: "second")
            graph.filter("over1", "throttle", over: "over0")
            return true
        },
        change("images grow") { graph in
            let images = graph.nodes.keys.filter { graph.nodes[$0]?.driver == "qcow2" }
            for name in images { graph.nodes[name]?.options += ", size: 4MiB" }
            return !images.isEmpty
        },
        change("everything goes") { graph in
            graph.nodes = [:]
            graph.exports = [:]
            return true
        },
    ]

    private static let exports: [Change] = [
        change("an export comes") { graph in
            graph.nodes["n"] = GraphText.Node(driver: "null-co", options: "size: 64KiB")
            graph.export("new", of: "n")
            return true
        },
        change("an export goes") { graph in
            graph.exports["e"] = nil
            return true
        },
        change("an export is pointed at another disk") { graph in
            graph.file("second")
            graph.exports["e"]?.node = "second"
            return true
        },
        change("an export moves to a thread") { graph in
            graph.exports["e"]?.options = "writable: false, iothread: io1"
            return true
        },
        change("an export's clients are shared by two threads") { graph in
            graph.exports["e"]?.options = "writable: false, iothread: [io1, default]"
            return true
        },
        change("an export leaves its thread") { graph in
            guard graph.exports["e"]?.options.contains("iothread") == true else { return false }
            graph.exports["e"]?.options = "writable: false"
            return true
        },
        change("clients may not write any more") { graph in
            guard graph.exports["e"]?.options.contains("writable: true") == true else {
                return false
            }
            graph.exports["e"]?.options = "writable: false"
            return true
        },
        change("exports swap their disks") { graph in
            guard graph.nodes["other"] != nil, graph.exports["f"] != nil else { return false }
            let nodes = ["e", "f"].compactMap { graph.exports[$0]?.node }
            graph.exports["e"]?.node = nodes[1]
            graph.exports["f"]?.node = nodes[0]
            return true
        },
    ]

    private static let options: [Change] = [
        change("flushes are skipped") { graph in
            graph.nodes["disk"]?.options += ", cache: {no-flush: true}"
            return true
        },
        change("zeroes are detected") { graph in
            graph.nodes["disk"]?.options += ", detect-zeroes: unmap"
            return true
        },
        change("the file opens for writing on demand") { graph in
            graph.nodes["disk"]?.options += ", auto-read-only: true"
            return true
        },
        change("the disk becomes read-only with its exports") { graph in
            graph.nodes["disk"]?.options += ", read-only: true"
            for name in graph.exports.keys { graph.exports[name]?.options = "writable: false" }
            return true
        },
        change("a throttle changes its group") { graph in
            guard graph.nodes["t"]?.driver == "throttle" else { return false }
            graph.nodes["t"]?.options = "throttle-group: h"
            return true
        },
        change("limits change") { graph in
            graph.groups["g"] = "iops-total: 500000, bps-total: 1GiB"
            return true
        },
    ]

    private static let services: [Change] = [
        change("a listener comes and takes an export over") { graph in
            graph.listeners["m"] = "unix:{dir}/m.sock"
            graph.exports["e"]?.listener = "m"
            return true
        },
        change("a group comes and another goes") { graph in
            graph.groups["h"] = nil
            graph.groups["k"] = "iops-read: 100000"
            return true
        },
        change("a thread comes and another goes") { graph in
            graph.threads = ["io0", "io2"]
            return true
        },
        change("filter, disk, listener, group and thread change together") { graph in
            graph.file("made", "create: {size: 64KiB}")
            graph.groups["k"] = "iops-total: 900000"
            graph.threads.append("io2")
            graph.listeners["m"] = "unix:{dir}/m.sock"
            graph.filter("in", "throttle", over: "made")
            graph.nodes["in"]?.options = "throttle-group: k"
            graph.exports["e"] = GraphText.Export(
                node: "in",
                options: "writable: true, iothread: io2",
                listener: "m"
            )
            return true
        },
    ]

    private static func parent(of child: String, _ graph: GraphText) -> String? {
        graph.nodes.keys.sorted().first { name in
            graph.nodes[name]?.children.contains { $0.name == child } == true
        }
    }
}
