import GraphModel

/// The reference of drivers, made from their specifications.
enum DriverReference {
    /// One line for each driver.
    static var list: String {
        Catalog.drivers.map { "\($0.name.padded(to: 18)) \($0.summary)\n" }.joined()
            + "\nAll about one: sluice drivers NAME\n"
    }

    /// All about one driver.
    static func text(of driver: DriverSpecification) -> String {
        var text = "\(driver.name): \(driver.summary)\n"
        if !driver.slots.isEmpty { text += "\nchildren\n" }
        for slot in driver.slots {
            let need =
                switch slot.occupancy {
                case .required: "required"
                case .optional: "may be null"
                case .list(let countMin): "list of at least \(countMin)"
                }
            text += "  \(slot.name.padded(to: 22)) \(need), \(slot.role.word). \(slot.summary)\n"
        }
        if !driver.options.isEmpty { text += "\noptions\n" }
        text += lines(driver.options, driver, indent: 2)
        text += "\noptions of every node\n" + lines(Catalog.nodeOptions, driver, indent: 2)
        return text + "\nA change is made live (in place), by reopen (in place, the exports above "
            + "pause), or by\nreplace (a new node beside the old one).\n"
    }

    private static func lines(
        _ options: [OptionSpecification],
        _ driver: DriverSpecification,
        indent: Int
    ) -> String {
        var text = ""
        for option in options {
            var facts: [String] = [option.kind.expectation]
            if option.isRequired { facts.append("required") }
            if let value = option.defaultValue {
                facts.append("default \(OptionText.text(of: value, kind: option.kind))")
            }
            if indent == 2 { facts.append(Catalog.cost(of: option, driver: driver).rawValue) }
            text +=
                String(repeating: " ", count: indent) + option.key.padded(to: 24 - indent)
                + " \(facts.joined(separator: "; ")). \(option.summary)\n"
            text += lines(inner(of: option.kind), driver, indent: indent + 2)
        }
        return text
    }

    private static func inner(of kind: OptionKind) -> [OptionSpecification] {
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
