import Foundation
import Testing

/// The package's own source files, read once for the rules.
enum SourceTree {
    /// One Swift file of the package.
    struct File: CustomTestStringConvertible, Sendable {
        /// Path from the package's top, such as `Sources/GraphModel/Graph/NodeDescription.swift`.
        let path: String
        /// Lines without their ends.
        let lines: [String]

        var testDescription: String { path }

        /// The module of a file under `Sources`, or of a test under `Tests`.
        var module: String { path.split(separator: "/").dropFirst().first.map(String.init) ?? "" }

        /// The folder inside the module, empty at its top.
        var folder: String {
            let parts = path.split(separator: "/")
            return parts.count > 3 ? String(parts[2]) : ""
        }

        /// Modules that the file imports.
        var imports: [String] {
            lines.compactMap { line in
                let words = line.split(separator: " ").map(String.init)
                guard let place = words.firstIndex(of: "import"), place <= 2,
                    words.prefix(place).allSatisfy({
                        ["package", "internal", "private", "fileprivate", "public", "@testable"]
                            .contains($0)
                    }), words.count > place + 1
                else { return nil }
                return words.last
            }
        }
    }

    /// The package's top folder.
    static let top = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// All Swift files below `Sources`.
    static let sources = files(below: "Sources")
    /// All Swift files below `Tests`.
    static let tests = files(below: "Tests")

    private static func files(below folder: String) -> [File] {
        let root = top.appending(path: folder)
        guard
            let walk = FileManager.default.enumerator(at: root, includingPropertiesForKeys: nil)
        else { return [] }
        var found: [File] = []
        for case let url as URL in walk where url.pathExtension == "swift" {
            guard let text = try? String(contentsOf: url, encoding: .utf8) else {
                fatalError("\(url.path) is not UTF-8")
            }
            let path = String(
                url.path.dropFirst(top.path.count + (top.path.hasSuffix("/") ? 0 : 1))
            )
            found.append(
                File(
                    path: path,
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                        .map(String.init)
                )
            )
        }
        return found.sorted { $0.path < $1.path }
    }
}
