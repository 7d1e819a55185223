import GraphModel

/// What a mapping may say, ready for reading: options by key, and their defaults.
struct ObjectSchema: Sendable {
    /// What a key is for.
    enum Field: Sendable {
        /// An option, by its place in ``options``.
        case option(Int)
        /// A slot for children, by its place in ``slots``.
        case slot(Int)
        /// The driver's name.
        case driver
    }

    /// All options.
    let options: [OptionSpecification]
    /// Slots for children.
    let slots: [ChildSlot]
    /// Options and slots by key.
    let fields: [String: Field]
    /// What holds when a document says nothing.
    let defaults: Options
    /// Options whose values are names of other objects.
    let references: [(key: String, kind: ObjectKind)]

    init(_ options: [OptionSpecification], slots: [ChildSlot] = [], hasDriver: Bool = false) {
        self.options = options
        self.slots = slots
        var fields: [String: Field] = [:]
        var defaults = Options()
        var references: [(key: String, kind: ObjectKind)] = []
        for (place, option) in options.enumerated() {
            fields[option.key] = .option(place)
            if let value = option.defaultValue { defaults[option.key] = value }
            if case .reference(let kind) = option.kind { references.append((option.key, kind)) }
        }
        for (place, slot) in slots.enumerated() { fields[slot.name] = .slot(place) }
        if hasDriver { fields["driver"] = .driver }
        self.fields = fields
        self.defaults = defaults
        self.references = references
    }

    /// Schemas of nodes, by driver.
    static let nodes: [String: ObjectSchema] = Dictionary(
        uniqueKeysWithValues: Catalog.drivers.map {
            (
                $0.name,
                ObjectSchema(
                    Catalog.nodeOptions + $0.options,
                    slots: $0.slots,
                    hasDriver: true
                )
            )
        }
    )
    /// Schemas of other objects, by kind.
    static let services: [ObjectKind: ObjectSchema] = Dictionary(
        uniqueKeysWithValues: [ObjectKind.ioThread, .throttleGroup, .listener, .export].map {
            ($0, ObjectSchema(Catalog.options(of: $0)))
        }
    )
}
