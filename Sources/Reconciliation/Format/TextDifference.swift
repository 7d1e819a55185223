/// The difference of two texts, as `diff -u` prints it.
package enum TextDifference {
    /// Lines around a change that are shown with it.
    private static let contextCount = 3
    /// Most pairs of lines that are compared; longer changes are shown as one.
    private static let pairsMax = 4_000_000

    private enum Line {
        case same(ArraySlice<UInt8>)
        case removed(ArraySlice<UInt8>)
        case added(ArraySlice<UInt8>)
    }

    /// The difference, with the name of the file on both sides; empty when there is none.
    package static func unified(_ before: [UInt8], _ after: [UInt8], path: String) -> String {
        if before == after { return "" }
        let script = script(lines(before), lines(after))
        var text = "--- \(path)\n+++ \(path) (formatted)\n"
        for hunk in hunks(script) { text += written(hunk, script) }
        return text
    }

    private static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
        var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        if lines.last?.isEmpty == true { lines.removeLast() }
        return lines
    }

    /// Lines of both texts in order: what both share is kept (longest common subsequence).
    private static func script(
        _ before: [ArraySlice<UInt8>],
        _ after: [ArraySlice<UInt8>]
    ) -> [Line] {
        var start = 0
        while start < before.count, start < after.count, before[start] == after[start] {
            start += 1
        }
        var tail = 0
        while tail < before.count - start, tail < after.count - start,
            before[before.count - 1 - tail] == after[after.count - 1 - tail]
        {
            tail += 1
        }
        let old = Array(before[start..<(before.count - tail)])
        let new = Array(after[start..<(after.count - tail)])
        return before[..<start].map { .same($0) } + middle(old, new)
            + before[(before.count - tail)...].map { .same($0) }
    }

    private static func middle(
        _ old: [ArraySlice<UInt8>],
        _ new: [ArraySlice<UInt8>]
    ) -> [Line] {
        guard old.count * new.count <= pairsMax else {
            return old.map { .removed($0) } + new.map { .added($0) }
        }
        let width = new.count + 1
        var longest = [Int32](repeating: 0, count: (old.count + 1) * width)
        for row in old.indices.reversed() {
            for column in new.indices.reversed() {
                longest[row * width + column] =
                    old[row] == new[column]
                    ? longest[(row + 1) * width + column + 1] + 1
                    : max(
                        longest[(row + 1) * width + column],
                        longest[row * width + column + 1]
                    )
            }
        }
        var lines: [Line] = []
        var (row, column) = (0, 0)
        while row < old.count || column < new.count {
            if row < old.count, column < new.count, old[row] == new[column] {
                lines.append(.same(old[row]))
                row += 1
                column += 1
            } else if row < old.count,
                column == new.count
                    || longest[(row + 1) * width + column] >= longest[row * width + column + 1]
            {
                lines.append(.removed(old[row]))
                row += 1
            } else {
                lines.append(.added(new[column]))
                column += 1
            }
        }
        return lines
    }

    /// Ranges of the script that are shown: changes with what stands around them.
    private static func hunks(_ script: [Line]) -> [Range<Int>] {
        var hunks: [Range<Int>] = []
        for (place, line) in script.enumerated() {
            if case .same = line { continue }
            let first = max(0, place - contextCount)
            let end = min(script.count, place + contextCount + 1)
            if let last = hunks.last, last.upperBound >= first {
                hunks[hunks.count - 1] = last.lowerBound..<end
            } else {
                hunks.append(first..<end)
            }
        }
        return hunks
    }

    private static func written(_ hunk: Range<Int>, _ script: [Line]) -> String {
        let (oldStart, newStart) = counts(script[..<hunk.lowerBound])
        let (oldCount, newCount) = counts(script[hunk])
        var text =
            "@@ -\(oldCount == 0 ? oldStart : oldStart + 1),\(oldCount) "
            + "+\(newCount == 0 ? newStart : newStart + 1),\(newCount) @@\n"
        for line in script[hunk] {
            let (sign, bytes) =
                switch line {
                case .same(let bytes): (" ", bytes)
                case .removed(let bytes): ("-", bytes)
                case .added(let bytes): ("+", bytes)
                }
            text += sign + String(decoding: bytes, as: UTF8.self) + "\n"
        }
        return text
    }

    private static func counts(_ lines: ArraySlice<Line>) -> (old: Int, new: Int) {
        var (old, new) = (0, 0)
        for line in lines {
            switch line {
            case .same: (old, new) = (old + 1, new + 1)
            case .removed: old += 1
            case .added: new += 1
            }
        }
        return (old, new)
    }
}
