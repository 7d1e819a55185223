import GraphModel

/// Random graphs without cycles: each node's children come before it.
enum RandomGraph {
    private static let filters = ["raw", "throttle", "copy-on-read", "compress", "blkdebug"]
    private static let threads = ["", "", "a", "b"]

    /// Makes one; exports are on one of three threads.
    static func make(_ random: inout SeededGenerator) -> GraphDescription {
        var graph = GraphBuilder()
        let count = Int.random(in: 2...9, using: &random)
        for number in 0..<count {
            let name = "n\(number)"
            var options: [(String, OptionValue)] = []
            if Int.random(in: 0..<4, using: &random) == 0 {
                options.append(("read-only", .flag(true)))
            }
            if Int.random(in: 0..<6, using: &random) == 0 {
                options.append(("force-share", .flag(true)))
            }
            let below = { (random: inout SeededGenerator) in
                "n\(Int.random(in: 0..<max(1, number), using: &random))"
            }
            switch number == 0 ? 0 : Int.random(in: 0..<6, using: &random) {
            case 0: graph.node(name, "file", options: options)
            case 1:
                let (file, backing) = (below(&random), below(&random))
                if Int.random(in: 0..<4, using: &random) == 0 {
                    graph.node(
                        name,
                        "qcow2",
                        ["file": file, "backing": backing, "data-file": below(&random)],
                        options: options
                    )
                } else {
                    graph.node(
                        name,
                        "qcow2",
                        ["file": file, "backing": backing],
                        options: options
                    )
                }
            case 2:
                graph.node(
                    name,
                    "copy-before-write",
                    ["file": below(&random), "target": below(&random)],
                    options: options
                )
            case 3:
                graph.node(
                    name,
                    "quorum",
                    ["children.0": below(&random), "children.1": below(&random)],
                    options: options
                )
            default:
                let driver = Self.filters.randomElement(using: &random) ?? "raw"
                let isDebug = driver == "blkdebug"
                if isDebug { options.append(("unshare-child-perms", .list([.text("write")]))) }
                if driver == "raw", Bool.random(using: &random) {
                    options.append(("offset", .integer(512)))
                }
                graph.node(
                    name,
                    driver,
                    [isDebug ? "image" : "file": below(&random)],
                    options: options
                )
            }
        }
        for number in 0..<Int.random(in: 0...3, using: &random) {
            graph.export(
                "e\(number)",
                of: "n\(Int.random(in: 0..<count, using: &random))",
                isWritable: Bool.random(using: &random),
                options: Self.threads.randomElement(using: &random).map {
                    $0.isEmpty ? [] : [("iothread", .text($0))]
                } ?? []
            )
        }
        return graph.description
    }
}
