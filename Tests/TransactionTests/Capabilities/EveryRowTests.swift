import Foundation
import Testing

/// Ids that begin the titles of tests: `S01`, or several with commas, before a colon.
enum NamedIds {
    static let all: Set<String> = {
        let tests = URL(filePath: #filePath)
            .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .resolvingSymlinksInPath()
        guard let walk = FileManager.default.enumerator(at: tests, includingPropertiesForKeys: nil)
        else { return [] }
        var found: Set<String> = []
        let title = /@Test\(\s*"((?:[A-Z][0-9]+(?:, )?)+):/
        for case let url as URL in walk where url.pathExtension == "swift" {
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            for match in text.matches(of: title) {
                found.formUnion(match.1.split(separator: ", ").map(String.init))
            }
        }
        return found
    }()
}

@Suite("Every row and case has its test")
struct EveryRowTests {
    @Test("all 90 capabilities are named by the title of a test")
    func capabilities() {
        let rows = (1...90).map { $0 < 10 ? "S0\($0)" : "S\($0)" }
        #expect(rows.filter { !NamedIds.all.contains($0) } == [])
    }

    /// Letters with the numbers of their cases.
    static let wanted: [(letter: String, numbers: [Int])] = [
        ("G", [1, 2, 3, 5, 6, 7, 8, 9]), ("P", [1, 2, 3, 4, 5, 7, 8, 9, 10, 11, 13, 14, 15]),
        ("C", [1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14, 16, 17]),
        ("N", [1, 2, 3, 5, 6, 7, 8, 9, 11, 12]),
        (
            "R",
            [
                1, 2, 3, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15, 17, 18, 19, 20, 21, 23, 24, 25, 26, 27,
                29, 30, 31, 32, 33,
            ]
        ),
        ("A", [1, 2, 3, 5, 6, 7, 8, 9, 11, 12, 13]),
        ("I", [1, 2, 4, 5, 6, 7, 8, 10, 11, 12, 13, 14]),
        ("D", [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15, 16, 17]),
        ("J", [2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 14, 15]), ("B", [1, 3, 4, 5, 6, 7]),
    ]

    @Test("all cases of graphs are named by the title of a test", arguments: wanted.map(\.letter))
    func cases(letter: String) {
        let numbers = Self.wanted.first { $0.letter == letter }?.numbers ?? []
        #expect(numbers.map { "\(letter)\($0)" }.filter { !NamedIds.all.contains($0) } == [])
    }
}
