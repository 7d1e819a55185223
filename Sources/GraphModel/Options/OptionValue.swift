/// What a document can say for one option, typed by the option's specification.
package enum OptionValue: Hashable, Sendable {
    /// Text, kept exactly as written; also the word of a choice.
    case text(String)
    /// A whole number; sizes in bytes, durations in nanoseconds.
    case integer(Int64)
    /// `true` or `false`.
    case flag(Bool)
    /// A fraction, such as a probability.
    case fraction(Double)
    /// Values in order.
    case list([OptionValue])
    /// Named values.
    case mapping(Options)
}

/// Named option values in the order of their names, so that equal settings are equal values.
package struct Options: Hashable, Sendable {
    /// One named value.
    package struct Entry: Hashable, Sendable {
        /// The option's key.
        package let key: String
        /// Its value.
        package var value: OptionValue

        /// Makes an entry.
        package init(key: String, value: OptionValue) {
            self.key = key
            self.value = value
        }
    }

    /// All entries, in ascending order of keys.
    package private(set) var entries: [Entry] = []

    /// No options.
    package init() {}

    /// No options, with room for so many.
    package init(capacity: Int) { entries.reserveCapacity(capacity) }

    /// Options from entries that are in ascending order of keys, each key once.
    package init(ascending entries: [Entry]) { self.entries = entries }

    /// Options from pairs; a later pair replaces an earlier one with the same key.
    package init(_ pairs: [(String, OptionValue)]) {
        for (key, value) in pairs { self[key] = value }
    }

    /// The value of a key; setting `nil` removes it.
    ///
    /// - Complexity: O(n), and n is small.
    package subscript(key: String) -> OptionValue? {
        get { entries.first { $0.key == key }?.value }
        set {
            let index = entries.firstIndex { $0.key >= key } ?? entries.endIndex
            let present = index < entries.endIndex && entries[index].key == key
            switch (newValue, present) {
            case (let value?, true): entries[index].value = value
            case (let value?, false): entries.insert(Entry(key: key, value: value), at: index)
            case (nil, true): entries.remove(at: index)
            case (nil, false): break
            }
        }
    }

    /// The text of a key, when it has one.
    package func text(_ key: String) -> String? {
        if case .text(let value)? = self[key] { value } else { nil }
    }

    /// The whole number of a key: bytes for sizes, nanoseconds for durations.
    package func integer(_ key: String) -> Int64? {
        if case .integer(let value)? = self[key] { value } else { nil }
    }

    /// The flag of a key.
    package func flag(_ key: String) -> Bool? {
        if case .flag(let value)? = self[key] { value } else { nil }
    }

    /// The nested options of a key.
    package func mapping(_ key: String) -> Options? {
        if case .mapping(let value)? = self[key] { value } else { nil }
    }

    /// The list of a key.
    package func list(_ key: String) -> [OptionValue]? {
        if case .list(let value)? = self[key] { value } else { nil }
    }
}
