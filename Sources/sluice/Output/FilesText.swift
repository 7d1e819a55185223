import GraphModel

/// The files of a daemon's sources for people, a line each.
struct FilesText {
    private static let titles = ["FILE", "DIGEST", "STATE", "LIVE IN", "WHY"]

    private let lines: [[String]]

    init(_ status: JSONValue) {
        let folders = (status["sources"]?.list ?? []).compactMap { $0.text.map { $0 + "/" } }
        lines =
            [Self.titles]
            + (status["files"]?.list ?? []).map { file in
                let path = file["path"]?.text ?? ""
                let folder = folders.first { path.hasPrefix($0) } ?? ""
                let digest = (file["digest"]?.text ?? "").dropFirst("sha256:".count).prefix(8)
                return [
                    String(path.dropFirst(folder.count)), digest.isEmpty ? "-" : String(digest),
                    file["state"]?.text ?? "", file["generation"]?.integer.map { "@\($0)" } ?? "-",
                    file["why"]?.text ?? "",
                ]
            }
    }

    var text: String {
        let widths = Self.titles.indices.map { column in
            lines.map { CellWidth.of($0[column]) }.max() ?? 0
        }
        return lines.map { cells in
            let padded = zip(cells, widths).map { $0.padded(to: $1) }.joined(separator: "  ")
            return padded.replacing(/\ +$/, with: "") + "\n"
        }.joined()
    }
}
