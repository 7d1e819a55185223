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
    /// Words by their hashes, a power of two of places, at most half of them taken.
    private var places: [Place] = []
    /// Short texts that were asked for last, each at the place that its bytes name: nearly all of a
    /// document's keys are few, and a name is used near where it is declared.
    private var recent = [Recent](repeating: Recent(), count: ShortText.places)
    /// For each word, the last mapping that had it as a key.
    private var lastMappings: [Int32] = []
    private var mappingCount: Int32 = 0

    /// Bytes of a word, about.
    private static let textBytes = 12

    private let hash = TextHash()

    private static let free: Word = -1

    /// A table without words, in place of one that was taken away.
    static let none = WordTable()

    /// A word with the hash of its text, so that others are told from it without their texts.
    private struct Place {
        var word: Word = WordTable.free
        var hash: UInt32 = 0
    }

    private struct Recent {
        var text = ShortText()
        var word: Word = WordTable.free
    }

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
    mutating func word(of text: String) -> Word {
        var text = text
        return text.withUTF8 { unsafe word(of: $0) }
    }

    /// The word of a text, made when it is new.
    @unsafe
    mutating func word(of text: UnsafeBufferPointer<UInt8>) -> Word {
        let bytes = UnsafeRawBufferPointer(text)
        guard let short = unsafe ShortText(bytes) else { return unsafe search(bytes) }
        let place = short.place
        if recent[place].text == short { return recent[place].word }
        let word = unsafe search(bytes)
        recent[place] = Recent(text: short, word: word)
        return word
    }

    /// Makes room for so many words.
    mutating func reserve(_ count: Int) {
        guard count > texts.count else { return }
        texts.reserveCapacity(count)
        starts.reserveCapacity(count + 1)
        lastMappings.reserveCapacity(count)
        bytes.reserveCapacity(count * Self.textBytes)
        if count * 2 > places.count { spread(over: Self.places(for: count)) }
    }

    @unsafe
    private mutating func search(_ text: UnsafeRawBufferPointer) -> Word {
        let hash = unsafe hash.of(text)
        if texts.count * 2 >= places.count { spread(over: Self.places(for: texts.count + 1)) }
        let mask = places.count - 1
        var place = Int(hash) & mask
        while places[place].word != Self.free {
            let found = places[place]
            if found.hash == hash, unsafe isEqual(Int(found.word), text) { return found.word }
            place = (place + 1) & mask
        }
        let word = Word(texts.count)
        places[place] = Place(word: word, hash: hash)
        unsafe texts.append(String(decoding: text, as: UTF8.self))
        unsafe bytes.append(contentsOf: text)
        starts.append(UInt32(bytes.count))
        lastMappings.append(0)
        return word
    }

    @unsafe
    private func isEqual(_ word: Int, _ text: UnsafeRawBufferPointer) -> Bool {
        let (start, end) = (Int(starts[word]), Int(starts[word + 1]))
        guard end - start == text.count else { return false }
        return unsafe bytes.withUnsafeBytes { bytes in
            var place = 0
            while place + 8 <= text.count {
                let known = unsafe bytes.loadUnaligned(
                    fromByteOffset: start + place,
                    as: UInt64.self
                )
                if unsafe known != text.loadUnaligned(fromByteOffset: place, as: UInt64.self) {
                    return false
                }
                place += 8
            }
            while place < text.count {
                if unsafe bytes[start + place] != text[place] { return false }
                place += 1
            }
            return true
        }
    }

    /// Places for so many words: a power of two, and at least twice as many.
    private static func places(for count: Int) -> Int {
        var places = 1_024
        while places < 2 * count { places *= 2 }
        return places
    }

    private mutating func spread(over count: Int) {
        let taken = places
        places = [Place](repeating: Place(), count: count)
        for entry in taken where entry.word != Self.free {
            var place = Int(entry.hash) & (count - 1)
            while places[place].word != Self.free { place = (place + 1) & (count - 1) }
            places[place] = entry
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

/// A text of at most sixteen bytes as two numbers.
private struct ShortText: Equatable {
    /// Places that ``place`` counts.
    static let places = 256

    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// Bytes of the text; no text has so many as this stands for when there is none.
    private var count = -1

    init() {}

    /// A text; `nil` for a longer one.
    @unsafe
    init?(_ text: UnsafeRawBufferPointer) {
        count = text.count
        switch count {
        case 8...16:
            // The two overlap: with the count they say what the text says.
            low = unsafe text.loadUnaligned(as: UInt64.self)
            high = unsafe text.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self)
        case 4...7:
            low = UInt64(unsafe text.loadUnaligned(as: UInt32.self))
            high = UInt64(unsafe text.loadUnaligned(fromByteOffset: count - 4, as: UInt32.self))
        case 0...3:
            for place in 0..<count { low = unsafe low << 8 | UInt64(text[place]) }
        default: return nil
        }
    }

    /// A place for it; who has chosen texts for one place only makes them be searched for.
    var place: Int {
        let sum = (low &* 0x9E37_79B9_7F4A_7C15) ^ (high &* 0xC2B2_AE3D_27D4_EB4F)
        let spread = (sum ^ (sum >> 32)) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: spread >> 56)
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
