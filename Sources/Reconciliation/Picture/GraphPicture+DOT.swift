extension GraphPicture {
    /// The picture in Graphviz's language.
    ///
    /// - Parameter title: What the picture is of.
    /// - Returns: A directed graph, from left to right.
    package func dot(title: String) -> String {
        var text = "digraph sluice {\n"
        text += "    label=\"\(MarkupText.dot(title))\\n\(MarkupText.dot(summary))\";\n"
        text += "    labelloc=t; rankdir=LR; nodesep=0.25; ranksep=0.9;\n"
        text += "    node [shape=box, style=\"rounded,filled\", fillcolor=\"#f8fafc\", "
        text += "color=\"#94a3b8\", fontname=\"sans-serif\", fontsize=11, margin=\"0.12,0.06\"];\n"
        text += "    edge [color=\"#8a97a8\", fontname=\"monospace\", fontsize=9, arrowsize=0.7];\n"
        for box in boxes {
            text += "    \"\(MarkupText.dot(box.object))\" [label=\"\(words(of: box))\""
            text += attributes(of: box) + "];\n"
        }
        let exports = boxes.filter { $0.family == .export }
        if exports.count > 1 {
            let names = exports.map { "\"\(MarkupText.dot($0.object))\"" }
            text += "    { rank=source; \(names.joined(separator: "; ")); }\n"
        }
        for line in lines {
            text += "    \"\(MarkupText.dot(line.parent))\" -> \"\(MarkupText.dot(line.child))\" "
            text += "[label=\"\(MarkupText.dot(line.words(isPlain: false)))\""
            if let colour = Self.colours[line.change]?.line {
                text += ", color=\"\(colour)\", fontcolor=\"\(colour)\", penwidth=2"
            }
            if line.change == .remove || line.role == "backing" { text += ", style=dashed" }
            text += "];\n"
        }
        for remark in remarks {
            let notes = ([remark.object] + remark.notes).joined(separator: " ")
            text += "    // \(remark.change.mark(isPlain: true)) \(MarkupText.dot(notes))\n"
        }
        return text + "}\n"
    }

    private func words(of box: Box) -> String {
        let mark = box.change.mark(isPlain: false)
        let impact = box.impact.isEmpty ? [] : [box.impact]
        let lines =
            [(mark.isEmpty ? "" : mark + " ") + box.name]
            + [([box.kind] + box.details + impact).joined(separator: " · ")] + box.notes
        return lines.map(MarkupText.dot).joined(separator: "\\n")
    }

    private func attributes(of box: Box) -> String {
        var text = box.family == .source ? ", shape=cylinder, style=filled" : ""
        if box.family == .export { text += ", shape=box, style=\"rounded,filled,bold\"" }
        guard let colours = Self.colours[box.change] else { return text }
        text += ", fillcolor=\"\(colours.fill)\", color=\"\(colours.line)\", penwidth=2"
        return box.change == .remove ? text + ", style=\"filled,dashed\"" : text
    }
}
