import GraphModel

/// Words that the language itself has: sections, options, slots and the keys inside options.
///
/// Each has the same number in every table that begins with them.
enum Vocabulary {
    /// `<<`, which merges.
    static let merge: WordTable.Word = 0
    /// `sluice`, the key of the version.
    static let version: WordTable.Word = 1
    /// `driver`.
    static let driver: WordTable.Word = 2
    /// `formerly`.
    static let formerly: WordTable.Word = 3

    /// Texts of all words, by number.
    static let texts: [String] = table.texts

    /// A table that holds them and nothing else.
    static let table: WordTable = {
        var words = WordTable(["<<", "sluice", "driver", "formerly"])
        for kind in ObjectKind.allCases {
            _ = words.word(of: kind.section)
            add(Catalog.options(of: kind), to: &words)
        }
        for driver in Catalog.drivers {
            _ = words.word(of: driver.name)
            for slot in driver.slots { _ = words.word(of: slot.name) }
            add(driver.options, to: &words)
        }
        return words
    }()

    private static func add(_ options: [OptionSpecification], to words: inout WordTable) {
        for option in options {
            _ = words.word(of: option.key)
            add(option.kind, to: &words)
        }
    }

    private static func add(_ kind: OptionKind, to words: inout WordTable) {
        switch kind {
        case .mapping(let options), .flagOrMapping(let options): add(options, to: &words)
        case .list(let element): add(element, to: &words)
        case .variant(let key, let cases):
            _ = words.word(of: key)
            for shape in cases { add(shape.options, to: &words) }
        default: break
        }
    }
}
