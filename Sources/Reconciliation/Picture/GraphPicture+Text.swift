extension GraphPicture {
    /// A line of the tree, ready for columns and colours.
    package struct TreeRow: Hashable, Sendable {
        /// What a plan does with it.
        package let change: Change
        /// What a plan does with the edge by which it hangs there.
        package let edgeChange: Change
        /// Indentation with its lines.
        package let branch: String
        /// Name of the object.
        package let name: String
        /// Driver or type, and what matters.
        package let details: String
        /// The edge by which it hangs there: `file RW/RU`.
        package let edge: String
        /// Whether what lies below stands further up already.
        package let isRepeated: Bool
        /// What clients notice of a plan.
        package let impact: String
    }

    /// The picture as a tree: exports with all that lies below them, then nodes that nobody uses.
    ///
    /// A node that several parents use is shown whole below the first, and named below the others.
    ///
    /// - Parameter isPlain: Whether only ASCII may be used.
    /// - Returns: Rows from the top.
    package func tree(isPlain: Bool) -> [TreeRow] {
        var writer = TreeWriter(picture: self, isPlain: isPlain)
        return writer.write()
    }
}

/// Walks a picture from its roots downwards.
private struct TreeWriter {
    /// Most rows, should nodes that are shared by many stand above many others.
    private static let rowsMax = 10_000

    private let picture: GraphPicture
    private let isPlain: Bool
    private let boxes: [String: GraphPicture.Box]
    private let children: [String: [GraphPicture.Line]]
    private var rows: [GraphPicture.TreeRow] = []
    private var isShown: Set<String> = []

    init(picture: GraphPicture, isPlain: Bool) {
        self.picture = picture
        self.isPlain = isPlain
        boxes = Dictionary(
            picture.boxes.map { ($0.object, $0) },
            uniquingKeysWith: { first, _ in first }
        )
        // What goes comes last: what stays is then shown below what it stays with.
        let lines =
            picture.lines.filter { $0.change != .remove }
            + picture.lines.filter { $0.change == .remove }
        children = Dictionary(grouping: lines, by: \.parent)
    }

    mutating func write() -> [GraphPicture.TreeRow] {
        let isUsed = Set(picture.lines.map(\.child))
        let roots = picture.boxes.filter { $0.family == .export || !isUsed.contains($0.object) }
        for root in roots { add(root) }
        // On a circle, which only two graphs in one picture can make, nothing is a root.
        for box in picture.boxes where !isShown.contains(box.object) { add(box) }
        return rows
    }

    private mutating func add(_ root: GraphPicture.Box) {
        guard !isShown.contains(root.object) else { return }
        var walk = [(box: root, line: GraphPicture.Line?.none, stem: "", branch: "")]
        while let (box, line, stem, branch) = walk.popLast(), rows.count < Self.rowsMax {
            let below = children[box.object] ?? []
            let isRepeated = !isShown.insert(box.object).inserted
            rows.append(row(box, line, branch, isRepeated: isRepeated && !below.isEmpty))
            if isRepeated { continue }
            for (place, line) in below.enumerated().reversed() {
                guard let child = boxes[line.child] else { continue }
                let isLast = place == below.count - 1
                let fork = isPlain ? (isLast ? "`- " : "|- ") : (isLast ? "└─ " : "├─ ")
                let trunk = isLast ? "   " : isPlain ? "|  " : "│  "
                walk.append((child, line, stem + trunk, stem + fork))
            }
        }
    }

    private func row(
        _ box: GraphPicture.Box,
        _ line: GraphPicture.Line?,
        _ branch: String,
        isRepeated: Bool
    ) -> GraphPicture.TreeRow {
        let details = [box.kind] + (isRepeated ? ["shown above"] : box.details + box.notes)
        let words = details.joined(separator: isPlain ? ", " : " · ")
        return GraphPicture.TreeRow(
            change: box.change,
            edgeChange: line?.change ?? .same,
            branch: branch,
            name: (box.family == .export ? "export " : "") + MarkupText.line(box.name),
            details: MarkupText.line(isPlain ? plain(words) : words),
            edge: line.map { MarkupText.line($0.words(isPlain: isPlain)) } ?? "",
            isRepeated: isRepeated,
            impact: box.impact
        )
    }

    private func plain(_ text: String) -> String {
        var plain = ""
        for character in text {
            plain += character == "→" ? "->" : character == "…" ? "..." : String(character)
        }
        return plain
    }
}
