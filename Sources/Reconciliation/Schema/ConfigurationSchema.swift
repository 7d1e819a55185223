package import GraphModel

/// The language as a JSON Schema of draft 7, for editors: completions, hover texts and marks under
/// what is wrong, before `validate` says so.
///
/// Made from the catalog, so that a new driver or option is in it by itself. A schema sees one
/// value at a time: names that nobody declares, cycles and permissions are for `validate`.
package enum ConfigurationSchema {
    /// Name of the schema.
    package static let identifier = "urn:sluice:configuration:1"

    /// The schema.
    package static var json: JSONValue {
        var sections: [JSONValue.Member] = [
            JSONValue.Member(
                "sluice",
                [
                    "const": 1,
                    "description": "Version of the language; every document begins with it.",
                ]
            )
        ]
        for kind in ObjectKind.allCases { sections.append(section(kind)) }
        var definitions: [JSONValue.Member] = [JSONValue.Member("node", node)]
        for kind in ObjectKind.allCases where kind != .node {
            definitions.append(
                JSONValue.Member(kind.rawValue, object(Catalog.options(of: kind), kind))
            )
        }
        for driver in Catalog.drivers {
            definitions.append(JSONValue.Member("driver-\(driver.name)", nodeShape(of: driver)))
        }
        return [
            "$schema": "http://json-schema.org/draft-07/schema#",
            "$id": .text(identifier),
            "title": "sluice configuration, version 1",
            "description": "Disks, the block graph below them, and where they are served.",
            "type": "object",
            "required": ["sluice"],
            "properties": .object(sections),
            "patternProperties": freeKeys,
            "additionalProperties": false,
            "definitions": .object(definitions),
        ]
    }

    /// Keys that are free for notes and anchors, and the merge key of editors that keep it.
    static let freeKeys: JSONValue = ["^x-": true, "^<<$": true]

    /// A name's spelling, as far as a pattern that every editor knows can say it.
    private static let namePattern =
        "^(?!x-)[^\\u0000-@\\[-`{-\\u007f][^\\u0000-,/:-@\\[-^`{-\\u007f]*$"

    private static func section(_ kind: ObjectKind) -> JSONValue.Member {
        let what =
            switch kind {
            case .ioThread: "Threads that serve exports. Without any, there is one."
            case .throttleGroup: "Limits, shared by every throttle node that names the group."
            case .listener: "Where clients connect."
            case .node: "The block graph: images, formats and filters, by name."
            case .export: "What clients reach."
            }
        return JSONValue.Member(
            kind.section,
            [
                "description": .text(what),
                "type": ["object", "null"],
                "patternProperties": .object([
                    JSONValue.Member("^x-", true), JSONValue.Member("^<<$", true),
                    JSONValue.Member(
                        namePattern,
                        ["$ref": .text("#/definitions/\(kind.rawValue)")]
                    ),
                ]),
                "additionalProperties": false,
            ]
        )
    }

    /// An object that is no node.
    private static func object(_ options: [OptionSpecification], _ kind: ObjectKind) -> JSONValue {
        let required = options.filter(\.isRequired).map(\.key)
        var members: [JSONValue.Member] = [
            JSONValue.Member("type", required.isEmpty ? ["object", "null"] : "object")
        ]
        if !required.isEmpty {
            members.append(JSONValue.Member("required", JSONValue(texts: required)))
        }
        members.append(
            JSONValue.Member(
                "properties",
                .object(options.map { OptionSchema.property($0, cost: $0.change) })
            )
        )
        members += [
            JSONValue.Member("patternProperties", freeKeys),
            JSONValue.Member("additionalProperties", false),
        ]
        return .object(members)
    }

    /// A node: its driver decides what else it has.
    private static var node: JSONValue {
        [
            "type": "object",
            "required": ["driver"],
            "properties": [
                "driver": [
                    "description": "What the node does. All drivers: sluice drivers.",
                    "enum": JSONValue(texts: Catalog.drivers.map(\.name)),
                    "enumDescriptions": JSONValue(texts: Catalog.drivers.map(\.summary)),
                ]
            ],
            "allOf": .list(
                Catalog.drivers.map { driver in
                    [
                        "if": [
                            "required": ["driver"],
                            "properties": ["driver": ["const": .text(driver.name)]],
                        ],
                        "then": ["$ref": .text("#/definitions/driver-\(driver.name)")],
                    ]
                }
            ),
        ]
    }

    private static func nodeShape(of driver: DriverSpecification) -> JSONValue {
        let options = driver.options + Catalog.nodeOptions
        let required =
            ["driver"] + driver.slots.filter { $0.occupancy != .optional }.map(\.name)
            + options.filter(\.isRequired).map(\.key)
        let driverMember = JSONValue.Member(
            "driver",
            ["const": .text(driver.name), "description": .text(driver.summary)]
        )
        return [
            "description": .text(driver.summary),
            "type": "object",
            "required": JSONValue(texts: required),
            "properties": .object(
                [driverMember] + driver.slots.map(slot)
                    + options.map {
                        OptionSchema.property($0, cost: Catalog.cost(of: $0, driver: driver))
                    }
            ),
            "patternProperties": freeKeys,
            "additionalProperties": false,
        ]
    }

    private static func slot(_ slot: ChildSlot) -> JSONValue.Member {
        let name: JSONValue = [
            "type": "string", "minLength": 1, "description": "Name of a node.",
        ]
        let one: [JSONValue] = [name, ["$ref": "#/definitions/node"]]
        let about = "\(slot.summary) A node's name, or a node written inline."
        switch slot.occupancy {
        case .required:
            return JSONValue.Member(slot.name, ["description": .text(about), "anyOf": .list(one)])
        case .optional:
            return JSONValue.Member(
                slot.name,
                [
                    "description": .text("\(about) Null for none."),
                    "anyOf": .list(one + [["type": "null"]]),
                ]
            )
        case .list(let countMin):
            return JSONValue.Member(
                slot.name,
                [
                    "description": .text(about), "type": "array",
                    "minItems": .integer(Int64(countMin)), "items": ["anyOf": .list(one)],
                ]
            )
        }
    }
}
