import GraphModel

/// The reference of drivers, made from their specifications.
enum DriverReference {
    private static let widthCells = 100
    /// Cells of the column that says what a change costs.
    private static let costCells = 9

    /// What the three costs of a change mean.
    static let costs =
        "A change is made live (in place), by reopen (in place; the exports above pause for a "
        + "moment), or by replace (a new node is opened beside the old one and takes its place)."

    /// One line for each driver.
    static var list: String {
        Catalog.drivers.map { "\($0.name.padded(to: 18)) \($0.summary)\n" }.joined()
            + "\nAll about one: sluice drivers NAME\n"
    }

    /// All about one driver.
    static func text(of driver: DriverSpecification, _ palette: Palette) -> String {
        var text = "\(palette.paint(driver.name, .strong)): \(driver.summary)\n\n"
        text += example(of: driver).split(separator: "\n").map { "    \($0)\n" }.joined()
        if !driver.slots.isEmpty {
            text += "\n\(palette.paint("Children", .strong))\n"
            for slot in driver.slots { text += row(slot.name, words(about: slot), indent: 2) }
        }
        if !driver.options.isEmpty {
            text += "\n\(palette.paint("Options", .strong)) (and what a change is)\n"
            text += rows(driver.options, driver, indent: 2)
        }
        text += "\n\(palette.paint("Options of every node", .strong))\n"
        text += rows(Catalog.nodeOptions, driver, indent: 2)
        return text + "\n" + wrapped(costs, indent: 0, first: 0)
    }

    /// The shortest node of a driver that says all that it has to.
    static func example(of driver: DriverSpecification) -> String {
        var lines = ["example:", "  driver: \(driver.name)"]
        for slot in driver.slots {
            switch slot.occupancy {
            case .required: lines.append("  \(slot.name): \(sample(of: slot))")
            case .optional: lines.append("  \(slot.name): null")
            case .list: lines.append("  \(slot.name): [first, second]")
            }
        }
        for option in driver.options where option.isRequired {
            lines.append("  \(option.key): \(sample(of: option))")
        }
        return lines.joined(separator: "\n")
    }

    /// A child: one of the driver that the slot wants, or any.
    private static func sample(of slot: ChildSlot) -> String {
        guard let driver = slot.driver.flatMap(Catalog.driver) else { return "other-\(slot.name)" }
        let children = driver.slots.filter { $0.occupancy == .required }.map {
            ", \($0.name): other-\($0.name)"
        }
        return "{driver: \(driver.name)\(children.joined())}"
    }

    private static func sample(of option: OptionSpecification) -> String {
        switch option.kind {
        case .text: option.key == "filename" ? "disk.img" : "text"
        case .reference(let kind): "a-\(kind.rawValue)"
        case .integer(let range): String(max(range.lowerBound, 1))
        case .fileMode: "0660"
        case .size: "1GiB"
        case .duration: "1s"
        case .fraction(let range): String(range.upperBound)
        case .flag, .flagOrMapping: "true"
        case .choice(let words): words.first ?? ""
        case .errorNumber: "EIO"
        case .list(let element):
            "[\(sample(of: OptionSpecification(option.key, element, isRequired: true)))]"
        case .oneOrMore(let element):
            sample(of: OptionSpecification(option.key, element, isRequired: true))
        case .mapping(let options): "{\(samples(options))}"
        case .variant(let key, let cases):
            "{\(key): \(cases[0].word), \(samples(cases[0].options))}"
        }
    }

    private static func samples(_ options: [OptionSpecification]) -> String {
        options.filter(\.isRequired).map { "\($0.key): \(sample(of: $0))" }.joined(separator: ", ")
    }

    /// What is to be said about a place for a child.
    static func words(about slot: ChildSlot) -> String {
        let need =
            switch slot.occupancy {
            case .required: "Required."
            case .optional: "May be null."
            case .list(let countMin): "A list of at least \(countMin)."
            }
        return "\(slot.summary) \(need) Role: \(slot.role.word)."
    }

    /// What is to be said about an option.
    static func words(about option: OptionSpecification, cost: ChangeCost?) -> String {
        var words = "\(option.summary) \(capitalized(option.kind.expectation))."
        if option.isRequired { words += " Required." }
        if let value = option.defaultValue, !isMapping(value) {
            words += " Default: \(OptionText.text(of: value, kind: option.kind))."
        }
        if let cost { words += " Change: \(cost.rawValue)." }
        return words
    }

    private static func isMapping(_ value: OptionValue) -> Bool {
        if case .mapping = value { true } else { false }
    }

    private static func capitalized(_ text: String) -> String {
        text.prefix(1).uppercased() + text.dropFirst()
    }

    private static func rows(
        _ options: [OptionSpecification],
        _ driver: DriverSpecification,
        indent: Int
    ) -> String {
        var text = ""
        for option in options {
            let cost = indent == 2 ? Catalog.cost(of: option, driver: driver).rawValue : ""
            text += row(option.key, words(about: option, cost: nil), cost: cost, indent: indent)
            text += rows(inner(of: option.kind), driver, indent: indent + 2)
        }
        return text
    }

    private static func row(
        _ key: String,
        _ words: String,
        cost: String = "",
        indent: Int
    ) -> String {
        let head = String(repeating: " ", count: indent) + key.padded(to: 24 - indent) + " "
        let column = cost.padded(to: costCells)
        let start = 25 + costCells
        return head + column + wrapped(words, indent: start, first: start)
    }

    /// Text broken at spaces, lines after the first indented.
    private static func wrapped(_ text: String, indent: Int, first: Int) -> String {
        var lines = [""]
        var cells = first
        for word in text.split(separator: " ") {
            let width = CellWidth.of(String(word))
            if cells + width + 1 > widthCells {
                lines.append(String(repeating: " ", count: indent) + word)
                cells = indent + width
            } else {
                lines[lines.count - 1] += (lines[lines.count - 1].isEmpty ? "" : " ") + word
                cells += width + 1
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Options inside the value of an option.
    static func inner(of kind: OptionKind) -> [OptionSpecification] {
        switch kind {
        case .mapping(let options), .flagOrMapping(let options): options
        case .list(let element): inner(of: element)
        case .variant(_, let cases): cases.flatMap(\.options)
        default: []
        }
    }

    /// A driver as JSON.
    static func json(of driver: DriverSpecification) -> JSONValue {
        [
            "name": .text(driver.name), "summary": .text(driver.summary),
            "example": .text(example(of: driver)),
            "children": .list(
                driver.slots.map { slot in
                    [
                        "name": .text(slot.name), "role": .text(slot.role.word),
                        "required": .flag(slot.occupancy != .optional),
                        "list": .flag(slot.isList), "summary": .text(slot.summary),
                    ]
                }
            ),
            "options": .list(driver.options.map { json(of: $0, driver) }),
            "node-options": .list(Catalog.nodeOptions.map { json(of: $0, driver) }),
        ]
    }

    private static func json(
        of option: OptionSpecification,
        _ driver: DriverSpecification
    ) -> JSONValue {
        [
            "key": .text(option.key), "kind": .text(option.kind.expectation),
            "required": .flag(option.isRequired), "default": option.defaultValue?.json ?? .null,
            "change": .text(Catalog.cost(of: option, driver: driver).rawValue),
            "summary": .text(option.summary),
            "options": .list(inner(of: option.kind).map { json(of: $0, driver) }),
        ]
    }
}
