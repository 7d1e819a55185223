extension Diagnostic {
    /// The finding as JSON, in the form of `sluice validate -o json`.
    package var json: JSONValue {
        var members = [
            JSONValue.Member("severity", .text(severity.rawValue)),
            JSONValue.Member("code", .text(code)),
            JSONValue.Member("message", .text(message)),
        ]
        if let mark { members.append(JSONValue.Member("span", mark.json)) }
        if !label.isEmpty { members.append(JSONValue.Member("label", .text(label))) }
        members.append(
            JSONValue.Member(
                "related",
                .list(
                    related.map { place in
                        var parts = [JSONValue.Member("message", .text(place.message))]
                        if let mark = place.mark {
                            parts.append(JSONValue.Member("span", mark.json))
                        }
                        return .object(parts)
                    }
                )
            )
        )
        members.append(JSONValue.Member("suggestions", .list(suggestions.map(suggestion))))
        if !help.isEmpty {
            members.append(JSONValue.Member("help", .text(help.joined(separator: "\n"))))
        }
        return .object(members)
    }

    /// A text that would be right, and what it would stand in place of.
    private func suggestion(_ text: String) -> JSONValue {
        guard let mark else { return ["with": .text(text)] }
        return ["with": .text(text), "replace": mark.json]
    }

    /// Reads the form that ``json`` writes; `nil` when it is another.
    package init?(json: JSONValue) {
        guard let severity = json["severity"]?.text.flatMap(Severity.init(rawValue:)),
            let code = json["code"]?.text, let message = json["message"]?.text
        else { return nil }
        self.init(
            severity: severity,
            code: code,
            message: message,
            mark: json["span"].flatMap(SourceMark.init(json:)),
            label: json["label"]?.text ?? "",
            related: (json["related"]?.list ?? []).map {
                Related(
                    message: $0["message"]?.text ?? "",
                    mark: $0["span"].flatMap(SourceMark.init(json:))
                )
            },
            suggestions: (json["suggestions"]?.list ?? []).compactMap { $0["with"]?.text },
            help: (json["help"]?.text ?? "").split(separator: "\n").map(String.init)
        )
    }
}

extension SourceMark {
    /// The place as JSON.
    package var json: JSONValue {
        [
            "file": .text(file), "line": .integer(Int64(line)),
            "column": .integer(Int64(column)), "length": .integer(Int64(length)),
        ]
    }

    /// Reads the form that ``json`` writes; `nil` when it is another.
    package init?(json: JSONValue) {
        guard let file = json["file"]?.text, let line = json["line"]?.integer,
            let column = json["column"]?.integer
        else { return nil }
        self.init(
            file: file,
            line: Int(clamping: line),
            column: Int(clamping: column),
            length: Int(clamping: json["length"]?.integer ?? 0)
        )
    }
}
