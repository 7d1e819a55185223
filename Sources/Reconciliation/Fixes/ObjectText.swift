import GraphModel

/// Where in the files a value of an object can be changed or added, in flow and in block style.
struct ObjectText {
    private let marks: GraphMarks
    private var lines: [String: [[Unicode.Scalar]]] = [:]

    init(_ texts: [ConfigurationText], marks: GraphMarks) {
        self.marks = marks
        for text in texts {
            var bytes = text.bytes[...]
            if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
            let whole = String(decoding: bytes, as: UTF8.self).unicodeScalars
            lines[text.path] = Self.split(whole)
        }
    }

    private static func split(_ text: String.UnicodeScalarView) -> [[Unicode.Scalar]] {
        var lines: [[Unicode.Scalar]] = [[]]
        var wasReturn = false
        for scalar in text {
            if scalar == "\n", wasReturn {
                wasReturn = false
                continue
            }
            wasReturn = scalar == "\r"
            if scalar == "\n" || scalar == "\r" {
                lines.append([])
            } else {
                lines[lines.count - 1].append(scalar)
            }
        }
        return lines
    }

    /// Where the files say a value of an object; `nil` when they leave it out.
    func place(_ object: String, _ path: String) -> SourceMark? {
        guard let mark = marks.mark(object, path), mark != marks.objects[object] else { return nil }
        return mark
    }

    /// An edit after which an object has a value, whether or not it has one now.
    func setting(_ object: String, _ path: String, to value: String) -> TextEdit? {
        guard let mark = place(object, path) else {
            return insertion(of: "\(path): \(value)", into: object)
        }
        guard let length = tokenLength(at: mark) else { return nil }
        return TextEdit(
            mark: SourceMark(
                file: mark.file,
                line: mark.line,
                column: mark.column,
                length: length
            ),
            text: value
        )
    }

    /// The length of the scalar or of the list in brackets at a place; `nil` for anything longer.
    private func tokenLength(at mark: SourceMark) -> Int? {
        guard let line = line(mark.line, of: mark.file), mark.column <= line.count else {
            return nil
        }
        let rest = line[(mark.column - 1)...]
        guard rest.first == "[" else {
            return rest.first.map { "{&*!|>-".unicodeScalars.contains($0) } == true
                ? nil : max(1, mark.length)
        }
        return rest.firstIndex(of: "]").map { $0 - rest.startIndex + 1 }
    }

    /// An edit that adds a line, or an entry between braces, to an object.
    func insertion(of entry: String, into object: String) -> TextEdit? {
        guard let key = marks.objects[object], let line = line(key.line, of: key.file) else {
            return nil
        }
        guard var place = afterColon(line, from: key.column - 1 + max(1, key.length)) else {
            return nil
        }
        // An anchor or a tag may stand before the value.
        while place < line.count, line[place] == "&" || line[place] == "!" {
            while place < line.count, line[place] != " " { place += 1 }
            while place < line.count, line[place] == " " { place += 1 }
        }
        if place < line.count, line[place] == "{" {
            let next = line[(place + 1)...].first { $0 != " " }
            let mark = SourceMark(file: key.file, line: key.line, column: place + 2)
            return TextEdit(mark: mark, text: next == "}" ? entry : "\(entry), ")
        }
        guard place == line.count || line[place] == "#" else { return nil }
        return blockInsertion(of: entry, below: key)
    }

    private func afterColon(_ line: [Unicode.Scalar], from start: Int) -> Int? {
        var place = start
        while place < line.count, line[place] == " " || line[place] == "\"" || line[place] == "'" {
            place += 1
        }
        guard place < line.count, line[place] == ":" else { return nil }
        place += 1
        while place < line.count, line[place] == " " { place += 1 }
        return place
    }

    private func blockInsertion(of entry: String, below key: SourceMark) -> TextEdit? {
        var number = key.line + 1
        while let line = line(number, of: key.file) {
            let indent = line.firstIndex { $0 != " " } ?? line.count
            if indent < line.count, line[indent] != "#" {
                guard indent >= key.column else { return nil }
                let margin = String(repeating: " ", count: indent)
                return TextEdit(
                    mark: SourceMark(file: key.file, line: number, column: indent + 1),
                    text: "\(entry)\n\(margin)"
                )
            }
            number += 1
        }
        return nil
    }

    private func line(_ number: Int, of file: String) -> [Unicode.Scalar]? {
        guard let lines = lines[file], lines.indices.contains(number - 1) else { return nil }
        return lines[number - 1]
    }
}
