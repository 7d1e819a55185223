import GraphModel
import Reconciliation

/// Completes names of objects from the files that stand on the command line.
enum ObjectCompletion {
    /// Most files that are looked into for a completion, so that it comes at once.
    private static let bytesMax = 1 << 20

    /// Names of nodes and exports of the files among the words; none when there is no such file.
    ///
    /// - Parameters:
    ///   - words: The command line so far.
    ///   - place: Which word is completed.
    ///   - prefix: The part of it before the cursor.
    /// - Returns: Names that may be meant.
    @Sendable
    static func objects(_ words: [String], _ place: Int, _ prefix: String) -> [String] {
        let paths = words.enumerated().compactMap { index, word in
            index != place && !word.hasPrefix("-")
                && (word.hasSuffix(".yaml") || word.hasSuffix(".yml") || word.hasSuffix("/"))
                ? word : nil
        }
        guard !paths.isEmpty else { return [] }
        let texts = ConfigurationSource(paths: paths).texts
        guard texts.reduce(0, { $0 + $1.bytes.count }) <= bytesMax else { return [] }
        let graph = Configuration(texts: texts).description
        return (Array(graph.nodes.keys) + Array(graph.exports.keys)).sorted()
    }
}
