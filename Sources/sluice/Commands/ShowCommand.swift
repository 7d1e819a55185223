import ArgumentParser
import ControlAPI
import GraphModel

/// `sluice show`: the live graph with everything about it.
struct ShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Prints the live graph: options, edges with masks, placement, limits, clients.",
        discussion: "With @N: what is kept of that generation: its graph, plan and receipt."
    )

    @Argument(help: "A generation, such as @41; without it, what is live.")
    var generation: GenerationArgument?

    @OptionGroup var control: ControlOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        if let generation {
            let record = try ask(.generation, of: control, query: generation.query)
            switch output.format {
            case .json: Terminal.print(record.prettyText)
            case .text: Terminal.print(GenerationText(record).text)
            }
            return
        }
        let graph = try ask(.graph, of: control)
        switch output.format {
        case .json: Terminal.print(graph.prettyText)
        case .text: Terminal.print(text(of: graph))
        }
    }

    /// Exports with the nodes below them, one line each.
    private func text(of graph: JSONValue) -> String {
        var lines = ["@\(graph["generation"]?.integer ?? 0)"]
        for export in graph["exports"]?.list ?? [] {
            let name = export["name"]?.text ?? ""
            let clients = export["clients"]?.list?.count ?? 0
            let requests = (export["counters"]?.members ?? [])
                .filter { ["reads", "writes", "flushes"].contains($0.key) }
                .map { "\($0.key) \($0.value.integer ?? 0)" }.joined(separator: ", ")
            lines.append("export \(name)  \(clients) clients  \(requests)")
            lines += below("export/" + name, in: graph, indent: 1)
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func below(_ parent: String, in graph: JSONValue, indent: Int) -> [String] {
        let edges = (graph["edges"]?.list ?? []).filter { $0["parent"]?.text == parent }
        guard indent < 64 else { return [] }
        return edges.flatMap { edge -> [String] in
            let child = edge["child"]?.text ?? ""
            let node = (graph["nodes"]?.list ?? []).first { $0["name"]?.text == child }
            let masks = "\(edge["used"]?.text ?? "-")/\(edge["shared"]?.text ?? "-")"
            let place = String(repeating: "  ", count: indent)
            let line =
                "\(place)\(edge["name"]?.text ?? ""): \(child)  \(node?["driver"]?.text ?? "")  "
                + "\(masks)  \(node?["limits"]?["size"]?.integer ?? 0) bytes"
            return [line] + below("node/" + child, in: graph, indent: indent + 1)
        }
    }
}
