import ArgumentParser
import ControlAPI
import GraphModel

/// A generation on the command line, such as `@41` or `41`.
struct GenerationArgument: ExpressibleByArgument {
    let number: UInt64

    init?(argument: String) {
        let digits = argument.hasPrefix("@") ? String(argument.dropFirst()) : argument
        guard let number = UInt64(digits), number > 0 else { return nil }
        self.number = number
    }

    /// The question that asks for it.
    var query: ControlQuery { ControlQuery(["generation": String(number)]) }
}

/// A kept generation for people.
struct GenerationText {
    private let record: JSONValue

    init(_ record: JSONValue) { self.record = record }

    var text: String {
        var lines = [HistoryLine(record).text]
        let graph = record["description"]
        for section in ["iothreads", "throttle-groups", "listeners", "nodes", "exports"] {
            for object in objects(graph?[section]) { lines.append("  \(section)  \(object)") }
        }
        for action in record["plan"]?["actions"]?.list ?? [] {
            let word = action["action"]?.text ?? ""
            lines.append("  " + pad(word, 9) + (action["object"]?.text ?? ""))
        }
        for export in record["receipt"]?["exports"]?.list ?? [] {
            let name = export["name"]?.text ?? ""
            lines.append(
                "  receipt  \(name)  \(export["completed"]?.integer ?? 0) completed, "
                    + "\(export["failed"]?.integer ?? 0) failed, "
                    + "\(export["held"]?.integer ?? 0) held"
            )
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func objects(_ section: JSONValue?) -> [String] {
        if let members = section?.members {
            return members.map { "\($0.key)  \(plain($0.value))" }
        }
        return (section?.list ?? []).map(plain)
    }

    private func plain(_ value: JSONValue) -> String {
        String(decoding: value.compactBytes, as: UTF8.self)
    }
}
