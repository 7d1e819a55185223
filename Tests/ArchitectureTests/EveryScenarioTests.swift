import Foundation
import Testing

@Suite("Every scenario of files, plans and commands has its test")
struct EveryScenarioTests {
    /// Folders whose tests are about scenarios; elsewhere the same letters name cases of graphs.
    private static let folders = [
        "ReconciliationTests", "FileWatchingTests", "SluiceDaemonTests", "EndToEnd",
    ]

    /// Scenarios of the language, the planner and the command line that need no running daemon,
    /// or of which all but the daemon's part is tested without one.
    static let wanted: [(letter: String, numbers: [Int])] = [
        ("L", [1, 3, 4, 5, 6, 8, 9, 10, 11, 13, 14, 15, 16, 18, 19]),
        (
            "P",
            [1, 2, 4, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16, 17, 19, 20, 21, 22, 24, 25]
        ),
        ("C", [8, 10, 11, 13]),
    ]

    /// Those that are about a daemon, its supervisor or its clients, which are counted elsewhere.
    static let needingDaemon = ["C1", "C2", "C3", "C5", "C6", "C7", "C12", "C15"]

    /// Ids that name tests: `L8: ...` as a title, `test_l8_...` as a function.
    private static let named: Set<String> = {
        let title = /@Test\(\s*"((?:[A-Z][0-9]+(?:, )?)+):/
        let function = /def test_([a-z][0-9]+)_/
        var found: Set<String> = []
        for folder in folders {
            let root = SourceTree.top.appending(path: "Tests/\(folder)")
            guard
                let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
            else { continue }
            for case let url as URL in walk {
                guard ["swift", "py"].contains(url.pathExtension),
                    let text = try? String(contentsOf: url, encoding: .utf8)
                else { continue }
                for match in text.matches(of: title) {
                    found.formUnion(match.1.split(separator: ", ").map(String.init))
                }
                found.formUnion(text.matches(of: function).map { $0.1.uppercased() })
            }
        }
        return found
    }()

    @Test("each is named by the title of a test", arguments: wanted.map(\.letter))
    func scenarios(letter: String) {
        let numbers = Self.wanted.first { $0.letter == letter }?.numbers ?? []
        #expect(numbers.map { "\(letter)\($0)" }.filter { !Self.named.contains($0) } == [])
    }

    @Test("none is counted twice")
    func apart() {
        let all = Self.wanted.flatMap { group in group.numbers.map { "\(group.letter)\($0)" } }
        #expect(Set(all).count == all.count)
        #expect(Set(all).isDisjoint(with: Self.needingDaemon))
    }
}
