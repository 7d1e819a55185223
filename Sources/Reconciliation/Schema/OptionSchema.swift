import GraphModel

/// Options as parts of a JSON Schema: types as YAML's core schema gives them to an editor.
enum OptionSchema {
    /// Longest text of an option, as the reader of documents takes it.
    private static let textMax: Int64 = 4_096

    /// An option as a property.
    static func property(_ option: OptionSpecification, cost: ChangeCost?) -> JSONValue.Member {
        var members: [JSONValue.Member] = []
        var about = option.summary
        if let unit = unit(of: option.kind) { about += " \(unit)" }
        if let value = option.defaultValue {
            about += " Default: \(OptionText.text(of: value, kind: option.kind))."
        }
        if let cost { about += " \(words(for: cost))" }
        members.append(JSONValue.Member("description", .text(about)))
        if let value = option.defaultValue {
            members.append(JSONValue.Member("default", document(value, option.kind)))
        }
        return JSONValue.Member(
            option.key,
            .object(members + (type(of: option.kind).members ?? []))
        )
    }

    private static func words(for cost: ChangeCost) -> String {
        switch cost {
        case .live: "Changes live."
        case .reopen: "Changes in place; exports above pause for a moment."
        case .replace: "A change opens a new object beside the old one."
        }
    }

    private static func unit(of kind: OptionKind) -> String? {
        switch kind {
        case .size: "In bytes, or with a unit: 512, 64KiB, 20GiB."
        case .duration: "A duration with its unit: 250ms, 2s, 5m."
        case .fileMode: "Permission bits in octal digits: 0660."
        case .errorNumber: "An error's name such as EIO, or its number."
        case .reference(let kind): "The name of \(kind.titleWithArticle)."
        case .oneOrMore(.reference(let kind)):
            "The name of \(kind.titleWithArticle), or a list of such."
        default: nil
        }
    }

    /// A default as a document writes it.
    private static func document(_ value: OptionValue, _ kind: OptionKind) -> JSONValue {
        switch kind {
        case .size, .duration, .errorNumber, .fileMode:
            return .text(OptionText.text(of: value, kind: kind))
        default: return value.json
        }
    }

    /// What a value may be.
    private static func type(of kind: OptionKind) -> JSONValue {
        switch kind {
        case .text:
            // A text option takes `no` and `017` as they are written.
            return ["type": ["string", "number", "boolean"], "maxLength": .integer(textMax)]
        case .reference: return ["type": "string", "minLength": 1]
        case .integer(let range): return .object(integer(range))
        case .fileMode:
            return ["anyOf": [.object(integer(0...777)), pattern("^(0o)?[0-7]{1,4}$")]]
        case .size(let range):
            return [
                "anyOf": [
                    .object(integer(range)), pattern("^[0-9]+\(units(ScalarText.sizeUnits))?$"),
                ]
            ]
        case .duration:
            return [
                "anyOf": [
                    pattern("^[0-9]+\(units(ScalarText.durationUnits))$"), ["enum": [0, "0"]],
                ]
            ]
        case .fraction(let range):
            return [
                "type": "number", "minimum": .fraction(range.lowerBound),
                "maximum": .fraction(range.upperBound),
            ]
        case .flag: return ["anyOf": [["type": "boolean"], ["enum": ["on", "off"]]]]
        case .choice(let words): return ["enum": .list(words.flatMap(spellings))]
        case .errorNumber:
            return [
                "anyOf": [
                    ["enum": JSONValue(texts: ErrorNumber.named.map(\.name))],
                    .object(integer(ErrorNumber.range)),
                ]
            ]
        case .list(let element): return ["type": "array", "items": type(of: element)]
        case .oneOrMore(let element):
            return [
                "anyOf": [
                    type(of: element),
                    [
                        "type": "array", "minItems": 1, "uniqueItems": true,
                        "items": type(of: element),
                    ],
                ]
            ]
        case .mapping(let options): return mapping(options)
        case .flagOrMapping(let options):
            return ["anyOf": [type(of: .flag), mapping(options)]]
        case .variant(let key, let cases): return variant(key, cases)
        }
    }

    private static func integer(_ range: ClosedRange<Int64>) -> [JSONValue.Member] {
        var members: [JSONValue.Member] = [
            JSONValue.Member("type", "integer"),
            JSONValue.Member("minimum", .integer(range.lowerBound)),
        ]
        if range.upperBound != .max {
            members.append(JSONValue.Member("maximum", .integer(range.upperBound)))
        }
        return members
    }

    private static func pattern(_ pattern: String) -> JSONValue {
        ["type": "string", "pattern": .text(pattern)]
    }

    private static func units(_ units: [(name: String, factor: Int64)]) -> String {
        "(\(units.map(\.name).joined(separator: "|")))"
    }

    /// A word, and the number that YAML makes of it: `1.1` is a version here.
    private static func spellings(of word: String) -> [JSONValue] {
        if let number = Int64(word) { return [.text(word), .integer(number)] }
        if word.first?.isNumber == true, let number = Double(word) {
            return [.text(word), .fraction(number)]
        }
        return [.text(word)]
    }

    private static func mapping(
        _ options: [OptionSpecification],
        _ more: [JSONValue.Member] = []
    ) -> JSONValue {
        let required = options.filter(\.isRequired).map(\.key)
        var members: [JSONValue.Member] = [JSONValue.Member("type", "object")]
        if !required.isEmpty {
            members.append(JSONValue.Member("required", JSONValue(texts: required)))
        }
        members.append(
            JSONValue.Member("properties", .object(more + options.map { property($0, cost: nil) }))
        )
        return .object(
            members + [
                JSONValue.Member("patternProperties", ConfigurationSchema.freeKeys),
                JSONValue.Member("additionalProperties", false),
            ]
        )
    }

    /// One shape for each word at the key.
    private static func variant(_ key: String, _ cases: [OptionVariant]) -> JSONValue {
        [
            "type": "object",
            "required": .list([.text(key)]),
            "properties": .object([
                JSONValue.Member(key, ["enum": JSONValue(texts: cases.map(\.word))])
            ]),
            "allOf": .list(
                cases.map { shape in
                    [
                        "if": [
                            "required": .list([.text(key)]),
                            "properties": .object([
                                JSONValue.Member(key, ["const": .text(shape.word)])
                            ]),
                        ],
                        "then": mapping(
                            shape.options,
                            [JSONValue.Member(key, ["const": .text(shape.word)])]
                        ),
                    ]
                }
            ),
        ]
    }
}
