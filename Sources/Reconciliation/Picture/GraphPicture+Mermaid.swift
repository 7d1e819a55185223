extension GraphPicture {
    /// The picture in Mermaid's language, which code hosts draw in Markdown.
    ///
    /// - Parameter title: What the picture is of.
    /// - Returns: A flowchart, from left to right.
    package func mermaid(title: String) -> String {
        var text = "---\ntitle: \"\(MarkupText.dot(title))\"\n---\nflowchart LR\n"
        var names: [String: String] = [:]
        for (number, box) in boxes.enumerated() {
            // Names of ours may be words of Mermaid's.
            let name = "b\(number)"
            names[box.object] = name
            let ends =
                switch box.family {
                case .export: ("([\"", "\"])")
                case .filter: ("(\"", "\")")
                case .format: ("[\"", "\"]")
                case .source: ("[(\"", "\")]")
                }
            text += "    \(name)\(ends.0)\(words(of: box))\(ends.1)\n"
        }
        var styles: [String] = []
        var drawn = 0
        for line in lines {
            guard let parent = names[line.parent], let child = names[line.child] else { continue }
            let arrow = line.change == .remove || line.role == "backing" ? "-.->" : "-->"
            let label = MarkupText.mermaid(line.words(isPlain: false))
            text += "    \(parent) \(arrow)|\"\(label)\"| \(child)\n"
            if let colour = Self.colours[line.change]?.line {
                styles.append("    linkStyle \(drawn) stroke:\(colour),stroke-width:2px\n")
            }
            drawn += 1
        }
        for remark in remarks {
            let notes = ([remark.object] + remark.notes).joined(separator: " ")
            text +=
                "    %% \(remark.change.mark(isPlain: true)) \(MarkupText.mermaid(notes))\n"
        }
        for (change, _) in counts {
            guard let colours = Self.colours[change] else { continue }
            let members = boxes.filter { $0.change == change }.compactMap { names[$0.object] }
            text +=
                "    classDef \(change.rawValue) fill:\(colours.fill),stroke:\(colours.line)"
                + ",color:#111827\(change == .remove ? ",stroke-dasharray:5 4" : "")\n"
            text += "    class \(members.joined(separator: ",")) \(change.rawValue)\n"
        }
        return text + styles.joined()
    }

    private func words(of box: Box) -> String {
        let mark = box.change.mark(isPlain: false)
        let first = (mark.isEmpty ? "" : mark + " ") + box.name
        var lines = ["<b>\(MarkupText.mermaid(first))</b>"]
        let impact = box.impact.isEmpty ? [] : [box.impact]
        lines.append(
            MarkupText.mermaid(([box.kind] + box.details + impact).joined(separator: " · "))
        )
        lines += box.notes.map(MarkupText.mermaid)
        return lines.joined(separator: "<br/>")
    }

    /// Fill and line of what changes, for languages without style sheets.
    static let colours: [Change: (fill: String, line: String)] = [
        .add: ("#e7f8ed", "#16a34a"), .change: ("#fff8db", "#d69e00"),
        .replace: ("#fae8ff", "#c026d3"), .rename: ("#e0f5ff", "#0284c7"),
        .remove: ("#fff1f1", "#dc2626"),
    ]
}
