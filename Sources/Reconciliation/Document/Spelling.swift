/// Words that somebody may have meant.
package enum Spelling {
    /// Largest distance at which a word is suggested.
    private static let distanceMax = 2
    /// Most suggestions.
    private static let suggestionsMax = 3

    /// Known words close to a written one, closest first, then in alphabetical order.
    ///
    /// Close means: at most two insertions, deletions, replacements or transpositions, and less
    /// than half of the word.
    package static func near(_ word: String, among known: [String]) -> [String] {
        let written = Array(word.unicodeScalars)
        let limit = min(distanceMax, (written.count - 1) / 2)
        let sameLetters = known.filter { differsInCase($0, word) }
        if !sameLetters.isEmpty { return Array(sameLetters.sorted().prefix(suggestionsMax)) }
        guard limit > 0 else { return [] }
        let letters = letters(of: word)
        var found: [(distance: Int, word: String)] = []
        for candidate in known {
            // An edit adds or removes at most two letters; most words are told apart by that.
            if let letters, let others = self.letters(of: candidate) {
                let isNear = abs(candidate.utf8.count - written.count) <= limit
                guard isNear, (letters ^ others).nonzeroBitCount <= 2 * limit else { continue }
            }
            let scalars = Array(candidate.unicodeScalars)
            guard abs(scalars.count - written.count) <= limit else { continue }
            let distance = distance(written, scalars)
            if distance <= limit, distance > 0 { found.append((distance, candidate)) }
        }
        return found.sorted { ($0.distance, $0.word) < ($1.distance, $1.word) }
            .prefix(suggestionsMax).map(\.word)
    }

    /// Whether two words have the same letters, some of them capitals in one only.
    private static func differsInCase(_ word: String, _ other: String) -> Bool {
        guard word.utf8.count == other.utf8.count else { return false }
        var differs = false
        for (left, right) in zip(word.utf8, other.utf8) where left != right {
            let letter = left | 0x20
            guard letter == right | 0x20, (0x61...0x7A).contains(letter) else { return false }
            differs = true
        }
        return differs
    }

    /// A bit for each letter that a word has; `nil` for a word that is not ASCII.
    private static func letters(of word: String) -> UInt64? {
        var letters: UInt64 = 0
        for byte in word.utf8 {
            guard byte < 0x80 else { return nil }
            letters |= 1 << UInt64(byte & 63)
        }
        return letters
    }

    /// Optimal string alignment distance: edits and transpositions of neighbours.
    static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for (row, scalar) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = last[column] + (scalar == other ? 0 : 1)
                var best = min(replaced, last[column + 1] + 1, current[column] + 1)
                if row > 0, column > 0, scalar == right[column - 1], left[row - 1] == other {
                    best = min(best, beforeLast[column - 1] + 1)
                }
                current.append(best)
            }
            beforeLast = last
            last = current
        }
        return last[right.count]
    }
}
