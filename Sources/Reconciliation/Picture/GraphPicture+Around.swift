import GraphModel

extension GraphPicture {
    /// The part of the picture around an object.
    ///
    /// - Parameters:
    ///   - object: The object, `node/x` or `export/x`.
    ///   - steps: How many lines away from it something may be.
    /// - Returns: The part; `nil` when the object is not in the picture.
    package func around(_ object: String, steps: Int) -> GraphPicture? {
        guard boxes.contains(where: { $0.object == object }) else { return nil }
        var neighbours: [String: [String]] = [:]
        for line in lines {
            neighbours[line.parent, default: []].append(line.child)
            neighbours[line.child, default: []].append(line.parent)
        }
        var kept: Set<String> = [object]
        var edge = [object]
        for _ in 0..<max(0, steps) {
            edge = edge.flatMap { neighbours[$0] ?? [] }.filter { kept.insert($0).inserted }
            if edge.isEmpty { break }
        }
        var part = self
        part.boxes = boxes.filter { kept.contains($0.object) }
        part.lines = lines.filter { kept.contains($0.parent) && kept.contains($0.child) }
        let hidden = boxes.count - part.boxes.count
        let name = ObjectKind.split(object)?.name ?? object
        let scope = "around \(name): \(part.boxes.count) of \(boxes.count) shown"
        if hidden > 0 { part.summary = isPlan ? "\(summary) (\(scope))" : scope }
        return part
    }

    /// The object that a person means: `node/x`, `export/x`, or a name of either.
    ///
    /// - Parameter name: What the person wrote.
    /// - Returns: The object; a node before an export of the same name.
    package func object(named name: String) -> String? {
        let wanted = [name, ObjectKind.node.object(name), ObjectKind.export.object(name)]
        return wanted.first { word in boxes.contains { $0.object == word } }
    }
}
