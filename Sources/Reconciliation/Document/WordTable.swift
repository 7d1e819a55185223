/// Numbers for the texts that recur in documents: keys, names and references.
///
/// A text is turned into a number once, where it is read; from then on it is compared, counted and
/// looked up as a number, and all that say the same share one `String`.
struct WordTable: Sendable {
    /// The number of a text.
    typealias Word = Int32

    /// Texts by number.
    private(set) var texts: [String] = []
    /// Bytes of all texts, one after the other.
    private var bytes: [UInt8] = []
    /// Where each text begins in `bytes`; one more entry at the end.
    private var starts: [UInt32] = [0]
    private var hashes: [UInt32] = []
    /// Words by their hashes, a power of two of places, at most half of them taken.
    private var places: [Word] = []
    /// For each word, the last mapping that had it as a key.
    private var lastMappings: [Int32] = []
    private var mappingCount: Int32 = 0

    private let hash = TextHash()

    private static let free: Word = -1

    init(_ texts: [String] = []) {
        for text in texts { _ = word(of: Array(text.utf8)[...]) }
    }

    /// The text of a word.
    func text(_ word: Word) -> String { texts[Int(word)] }

    /// The word of a text that is there, made when it is new.
    mutating func word(of text: ArraySlice<UInt8>) -> Word {
        unsafe text.withUnsafeBufferPointer { unsafe word(of: $0) }
    }

    /// The word of a text that is there, made when it is new.
    mutating func word(of text: String) -> Word { word(of: Array(text.utf8)[...]) }

    /// The word of a text, made when it is new.
    ///
    @unsafe
    mutating func word(of text: UnsafeBufferPointer<UInt8>) -> Word {
        let hash = unsafe hash.of(UnsafeRawBufferPointer(text))
        if texts.count * 2 >= places.count { grow() }
        let mask = places.count - 1
        var place = Int(hash) & mask
        while places[place] != Self.free {
            let word = Int(places[place])
            if hashes[word] == hash, unsafe isEqual(word, text) { return places[place] }
            place = (place + 1) & mask
        }
        let word = Word(texts.count)
        places[place] = word
        hashes.append(hash)
        unsafe texts.append(String(decoding: text, as: UTF8.self))
        unsafe bytes.append(contentsOf: text)
        starts.append(UInt32(bytes.count))
        lastMappings.append(0)
        return word
    }

    private func isEqual(_ word: Int, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        let (start, end) = (Int(starts[word]), Int(starts[word + 1]))
        guard end - start == text.count else { return false }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            for place in 0..<text.count where unsafe bytes[start + place] != text[place] {
                return false
            }
            return true
        }
    }

    private mutating func grow() {
        let count = max(1_024, places.count * 2)
        places = [Word](repeating: Self.free, count: count)
        for (word, hash) in hashes.enumerated() {
            var place = Int(hash) & (count - 1)
            while places[place] != Self.free { place = (place + 1) & (count - 1) }
            places[place] = Word(word)
        }
    }

    /// Begins to look for keys that a mapping has twice.
    mutating func beginMapping() { mappingCount += 1 }

    /// Notes a key of the mapping; `false` when the mapping has had it already.
    mutating func isFirst(_ key: Word) -> Bool {
        if lastMappings[Int(key)] == mappingCount { return false }
        lastMappings[Int(key)] = mappingCount
        return true
    }
}

/// A polynomial over a prime field at a random point.
///
/// Documents are hostile: with a hash that they can foresee, every look-up becomes a search. Two
/// texts of n bytes agree here for at most n/7 of 2^61 points, whoever chose the texts.
struct TextHash: Sendable {
    private static let prime: UInt64 = (1 << 61) - 1
    private let point = UInt64.random(in: (1 << 32)..<prime)

    /// The hash of a text.
    @unsafe
    func of(_ text: UnsafeRawBufferPointer) -> UInt32 {
        var sum = UInt64(text.count) + 1
        var place = 0
        while place + 8 <= text.count {
            let chunk = unsafe text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            sum = next(sum, chunk & 0x00FF_FFFF_FFFF_FFFF)
            place += 7
        }
        var rest: UInt64 = 0
        while place < text.count {
            rest = unsafe rest << 8 | UInt64(text[place])
            place += 1
        }
        // At most eight bytes are left; the field takes 61 bits of them, so they go in two steps.
        sum = next(next(sum, rest & 0xFFFF_FFFF), rest >> 32)
        return UInt32(truncatingIfNeeded: (sum &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }

    private func next(_ sum: UInt64, _ chunk: UInt64) -> UInt64 {
        let (high, low) = (sum &+ chunk).multipliedFullWidth(by: point)
        let folded = (low & Self.prime) &+ (high << 3 | low >> 61)
        return folded >= Self.prime ? folded &- Self.prime : folded
    }
}
