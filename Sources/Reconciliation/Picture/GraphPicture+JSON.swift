package import GraphModel

extension GraphPicture {
    /// Name of the JSON form.
    package static let formatName = "sluice.picture/1"

    /// The picture as JSON: boxes and lines with what a plan does with each.
    package var json: JSONValue {
        [
            "format": .text(Self.formatName),
            "plan": .flag(isPlan),
            "summary": .text(summary),
            "boxes": .list(boxes.map(\.json)),
            "lines": .list(lines.map(\.json)),
            "remarks": .list(
                remarks.map {
                    [
                        "object": .text($0.object), "change": .text($0.change.rawValue),
                        "notes": JSONValue(texts: $0.notes),
                    ]
                }
            ),
        ]
    }
}

extension GraphPicture.Box {
    fileprivate var json: JSONValue {
        [
            "object": .text(object), "kind": .text(kind), "family": .text(family.rawValue),
            "change": .text(change.rawValue), "impact": impact.isEmpty ? .null : .text(impact),
            "details": JSONValue(texts: details), "notes": JSONValue(texts: notes),
        ]
    }
}

extension GraphPicture.Line {
    fileprivate var json: JSONValue {
        [
            "parent": .text(parent), "name": .text(edge), "child": .text(child),
            "role": .text(role), "used": .text(masks.used.description),
            "shared": .text(masks.shared.description),
            "before": formerMasks.map { .text($0.description) } ?? .null,
            "change": .text(change.rawValue),
        ]
    }
}
