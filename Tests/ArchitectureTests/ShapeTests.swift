import Testing

/// Longest file, in lines.
private let fileLinesMax = 400
/// Longest function, in lines from its brace to the closing one.
private let functionLinesMax = 70
/// Longest file that needs no section marks.
private let markedFileLinesMin = 200

/// Names of the functions that the package's protocols ask for, and document.
private let requirements: Set<String> = {
    var names: Set<String> = []
    for file in SourceTree.sources {
        var isInside = false
        for line in file.lines {
            if line.contains("protocol "), line.hasSuffix("{") { isInside = true }
            if line == "}" { isInside = false }
            guard isInside, let range = line.firstRange(of: "    func ") else { continue }
            names.insert(String(line[range.upperBound...].prefix { $0 != "(" && $0 != "<" }))
        }
    }
    return names
}()

@Suite("The shape of files and names")
struct ShapeTests {
    @Test("the package's files are found, so that the rules have something to judge")
    func tree() {
        #expect(SourceTree.sources.count > 100)
        #expect(SourceTree.tests.count > 10)
    }

    @Test("a file has at most 400 lines", arguments: SourceTree.sources + SourceTree.tests)
    func fileSize(file: SourceTree.File) {
        #expect(file.lines.count <= fileLinesMax + 1, "\(file.path): \(file.lines.count) lines")
    }

    @Test("a function has at most 70 lines", arguments: SourceTree.sources)
    func functionSize(file: SourceTree.File) {
        for (name, start, length) in functions(in: file) {
            #expect(length <= functionLinesMax, "\(file.path):\(start) \(name): \(length) lines")
        }
    }

    @Test("a short file needs no section marks", arguments: SourceTree.sources)
    func marks(file: SourceTree.File) {
        guard file.lines.count < markedFileLinesMin else { return }
        #expect(!file.lines.contains { $0.contains("// MARK:") }, "\(file.path)")
    }

    @Test("no type and no file is a drawer for anything", arguments: SourceTree.sources)
    func names(file: SourceTree.File) {
        for word in ["Manager", "Helper", "Util", "Misc", "Base", "Common"] {
            let name = file.path.split(separator: "/").last.map(String.init) ?? ""
            #expect(!name.contains(word), "\(file.path)")
            for line in file.lines where declares(line) {
                #expect(!line.contains(" \(word)"), "\(file.path): \(line)")
                #expect(!line.contains("\(word) {"), "\(file.path): \(line)")
                #expect(!line.contains("\(word):"), "\(file.path): \(line)")
            }
        }
    }

    @Test("nothing is left for later without an issue's number", arguments: SourceTree.sources)
    func leftovers(file: SourceTree.File) {
        for (index, line) in file.lines.enumerated() {
            for word in ["TODO", "FIXME", "XXX"] where line.contains(word) {
                #expect(line.contains("#"), "\(file.path):\(index + 1)")
            }
            #expect(!line.contains("#if DEBUG"), "\(file.path):\(index + 1)")
        }
    }

    @Test(
        "nothing is public, and everything between modules is documented",
        arguments: SourceTree.sources
    )
    func doors(file: SourceTree.File) {
        for (index, line) in file.lines.enumerated() {
            let text = line.trimmed
            #expect(!text.hasPrefix("public "), "\(file.path):\(index + 1)")
            guard isPackageType(text) || isPackageFunction(text), !isInherited(text) else {
                continue
            }
            #expect(hasComment(file.lines, above: index), "\(file.path):\(index + 1) \(text)")
        }
    }

    @Test(
        "a claim that the compiler cannot check says what guards it",
        arguments: SourceTree.sources
    )
    func uncheckedClaims(file: SourceTree.File) {
        for (index, line) in file.lines.enumerated() where !line.trimmed.hasPrefix("//") {
            guard line.contains("@unchecked Sendable") || line.contains("nonisolated(unsafe)")
            else { continue }
            #expect(hasComment(file.lines, above: index), "\(file.path):\(index + 1)")
        }
    }

    private func declares(_ line: String) -> Bool {
        let text = line.trimmed
        return ["struct ", "class ", "enum ", "actor ", "protocol "].contains {
            text.contains($0) && !text.hasPrefix("//")
        }
    }

    /// Whether a function has its words from the protocol that asks for it.
    private func isInherited(_ text: Substring) -> Bool {
        requirements.contains { text.contains("func \($0)(") }
    }

    private func isPackageType(_ text: Substring) -> Bool {
        text.hasPrefix("package ")
            && ["struct ", "class ", "enum ", "actor ", "protocol "].contains {
                text.contains($0)
            }
            && !text.hasPrefix("package import") && !text.contains("func ")
    }

    private func isPackageFunction(_ text: Substring) -> Bool {
        text.hasPrefix("package ") && text.contains("func ")
            && !text.contains("static func ==") && !text.contains("func encode(")
    }

    /// Whether the line above, past attributes, is a comment.
    private func hasComment(_ lines: [String], above index: Int) -> Bool {
        var place = index - 1
        while place >= 0, lines[place].trimmed.hasPrefix("@") { place -= 1 }
        return place >= 0 && lines[place].trimmed.hasPrefix("//")
    }

    /// Functions with their first line and length, found by indentation, as the formatter lays
    /// them out.
    private func functions(in file: SourceTree.File) -> [(String, Int, Int)] {
        var result: [(String, Int, Int)] = []
        for (index, line) in file.lines.enumerated() {
            let text = line.trimmed
            guard text.contains("func ") || text.contains("init("), !text.hasPrefix("//"),
                !text.hasSuffix("}")  // A whole one in one line.
            else { continue }
            let indentation = line.count - text.count
            let closing = String(repeating: " ", count: indentation) + "}"
            guard
                let end = file.lines[index...].firstIndex(where: { $0 == closing })
            else { continue }
            let next = file.lines[(index + 1)...].firstIndex { other in
                other.trimmed.contains("func ")
                    && other.count - other.trimmed.count == indentation
            }
            if let next, next < end { continue }
            result.append((String(text.prefix(60)), index + 1, end - index))
        }
        return result
    }
}
