/// Graphs of drivers that keep something: tables, copies, logs, space.
enum FormatForms {
    static let all: [GraphText] = [
        form("qcow2", empty: ["disk"]) {
            image("q", in: "disk", &$0)
            $0.export("e", of: "q")
        },
        form("two qcow2 of small clusters", empty: ["disk", "spare"]) {
            $0.file("spare")
            for (name, file) in [("q", "disk"), ("r", "spare")] {
                image(name, in: file, &$0)
                $0.nodes[name]?.options = "backing: null, create: {size: 64KiB, cluster-size: 512}"
            }
            $0.export("e", of: "q")
            $0.export("f", of: "r")
        },
        form("an overlay", empty: ["disk"]) {
            overlay("q", in: "disk", &$0)
            $0.export("e", of: "q")
        },
        form("an overlay of a thread of its own, and a reader of its base", empty: ["disk"]) {
            overlay("q", in: "disk", &$0)
            $0.export("e", of: "q", "writable: true, iothread: io0")
            $0.export("f", of: "base", "writable: false")
        },
        form("copy-on-read", empty: ["disk"]) {
            overlay("q", in: "disk", &$0)
            $0.filter("cor", "copy-on-read", over: "q")
            $0.export("e", of: "cor")
        },
        form("copy-before-write and its view", empty: ["spare"]) {
            $0.file("spare")
            image("kept", in: "spare", &$0)
            $0.nodes["cbw"] = GraphText.Node(
                driver: "copy-before-write",
                children: [("file", "disk"), ("target", "kept")]
            )
            $0.filter("view", "snapshot-access", over: "cbw")
            $0.export("e", of: "cbw")
            $0.export("f", of: "view", "writable: false")
        },
        form("quorum", hasEqualFiles: true) {
            $0.file("other")
            $0.nodes["vote"] = GraphText.Node(
                driver: "quorum",
                options: "vote-threshold: 2",
                children: [("children", "disk"), ("children", "other")]
            )
            $0.export("e", of: "vote")
        },
        form("blkverify", hasEqualFiles: true) {
            $0.file("other")
            $0.nodes["both"] = GraphText.Node(
                driver: "blkverify",
                children: [("raw", "disk"), ("test", "other")]
            )
            $0.export("e", of: "both")
        },
        form("compress over qcow2", empty: ["disk"]) {
            image("q", in: "disk", &$0)
            $0.filter("c", "compress", over: "q")
            $0.export("e", of: "c")
        },
        form("preallocate") {
            $0.filter("p", "preallocate", over: "disk")
            $0.export("e", of: "p")
        },
        form("log-writes") {
            $0.file("other")
            $0.nodes["logged"] = GraphText.Node(
                driver: "log-writes",
                children: [("file", "disk"), ("log", "other")]
            )
            $0.export("e", of: "logged")
        },
        form("a throttle over a copy-on-read over an overlay over blkdebug", empty: ["disk"]) {
            $0.filter("b", "blkdebug", over: "disk")
            overlay("q", in: "b", &$0)
            $0.filter("cor", "copy-on-read", over: "q")
            $0.filter("t", "throttle", over: "cor")
            $0.export("e", of: "t")
        },
    ]

    private static func form(
        _ title: String,
        empty: Set<String> = [],
        hasEqualFiles: Bool = false,
        _ build: (inout GraphText) -> Void
    ) -> GraphText {
        var graph = GraphText(title: title)
        graph.emptyFiles = empty
        graph.hasEqualFiles = hasEqualFiles
        graph.isChoosy = true
        graph.file("disk")
        build(&graph)
        return graph
    }

    private static func image(_ name: String, in file: String, _ graph: inout GraphText) {
        graph.nodes[name] = GraphText.Node(
            driver: "qcow2",
            options: "backing: null, create: {size: 64KiB}",
            children: [("file", file)]
        )
    }

    private static func overlay(_ name: String, in file: String, _ graph: inout GraphText) {
        graph.file("spare", "read-only: true")
        graph.nodes["base"] = GraphText.Node(driver: "raw", children: [("file", "spare")])
        graph.nodes["base"]?.options = "read-only: true"
        graph.nodes[name] = GraphText.Node(
            driver: "qcow2",
            options: "create: {size: 64KiB}",
            children: [("file", file), ("backing", "base")]
        )
    }
}
