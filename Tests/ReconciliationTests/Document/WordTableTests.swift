import GraphModel
import Testing

@testable import Reconciliation

@Suite("Words")
struct WordTableTests {
    /// Texts of every length up to beyond what two numbers hold, that differ at one place each.
    private static let texts: [String] = {
        var texts = [""]
        for length in 1...40 {
            for place in 0..<length {
                for letter in ["b", "c", "\0", "é"] {
                    let text = String(repeating: "a", count: place) + letter
                    texts.append(text + String(repeating: "a", count: length - place - 1))
                }
            }
        }
        return texts
    }()

    @Test("each text has a number of its own, in whatever order and however often it is asked for")
    func numbers() {
        var words = WordTable()
        let first = Self.texts.map { words.word(of: $0) }
        #expect(first == first.indices.map { Int32($0) })
        #expect(zip(first, Self.texts).allSatisfy { words.text($0.0) == $0.1 })
        #expect(Self.texts.reversed().map { words.word(of: $0) } == first.reversed())
        for (text, word) in zip(Self.texts, first) {
            let asked = (words.word(of: text), words.word(of: Array(text.utf8)[...]))
            #expect(asked == (word, word))
        }
    }

    @Test("a table with room for more words has the same numbers", arguments: [0, 1, 600, 20_000])
    func room(count: Int) {
        var plain = WordTable()
        var roomy = WordTable()
        for (place, text) in Self.texts.enumerated() {
            if place == 10 { roomy.reserve(count) }
            #expect(plain.word(of: text) == roomy.word(of: text))
        }
        roomy.reserve(count)
        #expect(Self.texts.map { roomy.word(of: $0) } == Self.texts.map { plain.word(of: $0) })
    }

    @Test("texts of other tables have their own numbers in each")
    func copies() {
        var first = Vocabulary.table
        var second = first
        let word = first.word(of: "disk")
        #expect(second.word(of: "drive") == word)
        #expect(second.text(word) == "drive")
        #expect(first.text(word) == "disk")
        #expect(first.word(of: "drive") == word + 1)
    }
}
