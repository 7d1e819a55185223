import GraphModel
import Reconciliation

/// Draws where two users of a node meet, and lists what would end their quarrel.
struct ConflictText {
    let entry: FixList.Entry
    let isPlain: Bool
    /// What follows `sluice fix N` so that it finds the same files.
    let paths: String

    private static let indent = "          "

    /// Lines under a finding, each with its end.
    var text: String {
        var text = entry.conflict.map(meeting) ?? ""
        if !entry.fixes.isEmpty {
            let word =
                entry.fixes.allSatisfy(\.isWhole)
                ? "fixes that were tried and pass" : "fixes that were tried"
            let command = paths.isEmpty ? "sluice fix N" : "sluice fix N \(paths)"
            text += "      = \(word) (\(command) writes the edit, --print shows it)\n"
        }
        let titles = entry.fixes.map { CellWidth.of($0.title) }.max() ?? 0
        for (place, fix) in entry.fixes.enumerated() {
            let number = String(entry.firstNumber + place)
            let mark = fix.place.map { "\($0.file):\($0.line)" } ?? ""
            text += Self.indent + number.padded(to: 3) + fix.title.padded(to: titles) + "  "
            text += "\(mark)  \(fix.what)" + (fix.isWhole ? "" : "  (other findings stay)") + "\n"
            if !fix.caution.isEmpty { text += Self.indent + "   \(fix.caution)\n" }
        }
        if !entry.failed.isEmpty {
            text += "      = tried and not possible: \(entry.failed.joined(separator: ", "))\n"
        }
        return text
    }

    private func meeting(_ conflict: PermissionConflict) -> String {
        let line: Character = isPlain ? "-" : "─"
        let wish = "wants \(conflict.bits.names.joined(separator: ", "))"
        let shared = conflict.denies.masks.shared.names.joined(separator: ", ")
        let denial = "shares only \(shared.isEmpty ? "nothing" : shared)"
        let joint = " \(line)\(line) "
        let upper = way(conflict.wants, joint)
        let lower = way(conflict.denies, joint)
        let cells = max(CellWidth.of(upper), CellWidth.of(lower))
        let words = max(wish.count, denial.count)
        func row(_ way: String, _ words: String, to end: Int) -> String {
            let left = String(repeating: line, count: 2 + cells - CellWidth.of(way))
            let right = String(repeating: line, count: 2 + end - words.count)
            return "\(Self.indent)\(way) \(left) \(words) \(right)"
        }
        return "      = where the two meet\n"
            + row(upper, wish, to: words) + (isPlain ? "+" : "┐") + "\n"
            + row(lower, denial, to: words)
            + (isPlain ? "+- " : "┴─ ") + conflict.node + "\n"
    }

    private func way(_ holder: PermissionHolder, _ joint: String) -> String {
        holder.objects.map(PlanText.name).joined(separator: joint)
    }
}
