import GraphModel

/// What a mapping may say, ready for reading: options by the word of their key, and their defaults.
final class ObjectSchema: Sendable {
    /// What a key is for.
    enum Field: Sendable {
        /// An option, by its place in ``options``.
        case option(Int)
        /// A slot for children, by its place in ``slots``.
        case slot(Int)
        /// The driver's name.
        case driver
    }

    /// Number of this schema among all; see ``count``.
    let number: Int
    /// The driver, of a schema of nodes.
    let driver: DriverSpecification?
    /// All options.
    let options: [OptionSpecification]
    /// Slots for children.
    let slots: [ChildSlot]
    /// Whether a slot takes nodes of one driver only.
    let choosesChildren: Bool
    /// Whose options they are, for messages.
    let owner: String
    /// What holds when a document says nothing.
    let defaults: Options
    /// Places of options in the order of their keys.
    let ascending: [Int]
    /// A bit for each slot that has to be filled.
    let requiredSlots: UInt64
    /// A bit for each option that has to be there.
    let required: UInt64
    /// A bit for each option that a node's traits follow from.
    let traitOptions: UInt64
    /// A bit for each option of every node that can contradict another one.
    let checkedOptions: UInt64
    /// The bit of a node's former name.
    let formerlyOption: UInt64
    /// Options and slots by the word of their key; words beyond the end are for nothing.
    private let fields: [Field?]

    private init(
        number: Int,
        owner: String,
        _ options: [OptionSpecification],
        driver: DriverSpecification? = nil
    ) {
        precondition(options.count <= UInt64.bitWidth, "\(owner) has too many options")
        self.number = number
        let slots = driver?.slots ?? []
        self.driver = driver
        self.options = options
        self.slots = slots
        requiredSlots = slots.enumerated().reduce(0) { bits, slot in
            slot.element.occupancy == .optional ? bits : bits | 1 << UInt64(slot.offset)
        }
        choosesChildren = slots.contains { $0.driver != nil }
        self.owner = owner
        var words = Vocabulary.table
        var fields = [Field?](repeating: nil, count: words.texts.count)
        var defaults = Options()
        var required: UInt64 = 0
        for (place, option) in options.enumerated() {
            fields[Int(words.word(of: option.key))] = .option(place)
            if let value = option.defaultValue { defaults[option.key] = value }
            if option.isRequired { required |= 1 << UInt64(place) }
        }
        for (place, slot) in slots.enumerated() {
            fields[Int(words.word(of: slot.name))] = .slot(place)
        }
        if driver != nil { fields[Int(Vocabulary.driver)] = .driver }
        self.fields = fields
        self.defaults = defaults
        self.required = required
        traitOptions = Self.bits(["read-only", "force-share"], of: options)
        checkedOptions = Self.bits(["force-share", "detect-zeroes", "discard"], of: options)
        formerlyOption = Self.bits(["formerly"], of: options)
        ascending = options.indices.sorted { options[$0].key < options[$1].key }
    }

    private static func bits(_ keys: [String], of options: [OptionSpecification]) -> UInt64 {
        var bits: UInt64 = 0
        for (place, option) in options.enumerated() where keys.contains(option.key) {
            bits |= 1 << UInt64(place)
        }
        return bits
    }

    /// What a key is for; `nil` when it means nothing here.
    func field(_ word: WordTable.Word) -> Field? {
        Int(word) < fields.count ? fields[Int(word)] : nil
    }

    /// Keys that mean something.
    var keys: [String] {
        fields.indices.filter { fields[$0] != nil }.map { Vocabulary.texts[$0] }
    }

    /// All options as the document says them, defaults filled in; values stand at the places of
    /// their options.
    func filled(_ given: [OptionValue?]) -> Options {
        var entries: [Options.Entry] = []
        entries.reserveCapacity(options.count)
        for place in ascending {
            guard let value = given[place] ?? options[place].defaultValue else { continue }
            entries.append(Options.Entry(key: options[place].key, value: value))
        }
        return Options(ascending: entries)
    }

    /// How many schemas there are.
    static let count = Catalog.drivers.count + ObjectKind.allCases.count

    /// Schemas of nodes, by driver.
    private static let nodes: [String: ObjectSchema] = Dictionary(
        uniqueKeysWithValues: Catalog.drivers.enumerated().map { number, driver in
            (
                driver.name,
                ObjectSchema(
                    number: number,
                    owner: "driver \(driver.name)",
                    Catalog.nodeOptions + driver.options,
                    driver: driver
                )
            )
        }
    )

    /// The schema of nodes whose driver has a name; `nil` when there is no such driver.
    static func node(_ driver: WordTable.Word) -> ObjectSchema? {
        Int(driver) < nodesByWord.count ? nodesByWord[Int(driver)] : nil
    }

    private static let nodesByWord = Vocabulary.texts.map { nodes[$0] }

    /// Schemas of other objects, by kind.
    static let services: [ObjectKind: ObjectSchema] = Dictionary(
        uniqueKeysWithValues: [ObjectKind.ioThread, .throttleGroup, .listener, .export].map {
            (
                $0,
                ObjectSchema(
                    number: Catalog.drivers.count + $0.number,
                    owner: $0.titleWithArticle,
                    Catalog.options(of: $0)
                )
            )
        }
    )
}
