extension GraphDescription {
    /// Version of the form below.
    package static let formatName = "sluice.graph/1"

    /// The graph as JSON, every section sorted by name: the form that is saved and sent.
    ///
    /// Equal graphs give equal text.
    package var json: JSONValue {
        [
            "format": .text(Self.formatName),
            "iothreads": section(ioThreads) { ["options": $0.options.json] },
            "throttle-groups": section(throttleGroups) { ["options": $0.limits.json] },
            "listeners": section(listeners) { ["options": $0.options.json] },
            "nodes": section(nodes, Self.json(of:)),
            "exports": section(exports) {
                [
                    "type": .text($0.type), "node": .text($0.node), "listener": .text($0.listener),
                    "options": $0.options.json,
                ]
            },
        ]
    }

    private func section<Value>(
        _ values: [String: Value],
        _ form: (Value) -> JSONValue
    ) -> JSONValue {
        .object(
            values.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, form($0.value)) }
        )
    }

    private static func json(of node: NodeDescription) -> JSONValue {
        var members = [
            JSONValue.Member("driver", .text(node.driver)),
            JSONValue.Member("options", node.options.json),
            JSONValue.Member(
                "children",
                .list(
                    node.children.map { ["edge": .text($0.edge), "node": .text($0.node)] }
                )
            ),
        ]
        if !node.emptySlots.isEmpty {
            members.append(JSONValue.Member("empty-slots", JSONValue(texts: node.emptySlots)))
        }
        if let formerly = node.formerly {
            members.append(JSONValue.Member("formerly", .text(formerly)))
        }
        return .object(members)
    }
}

extension OptionValue {
    /// The value as JSON.
    package var json: JSONValue {
        switch self {
        case .text(let value): .text(value)
        case .integer(let value): .integer(value)
        case .flag(let value): .flag(value)
        case .fraction(let value): .fraction(value)
        case .list(let values): .list(values.map(\.json))
        case .mapping(let options): options.json
        }
    }

    /// A value from JSON; `nil` stands for nothing.
    package init?(_ json: JSONValue) {
        switch json {
        case .null: return nil
        case .flag(let value): self = .flag(value)
        case .integer(let value): self = .integer(value)
        case .fraction(let value): self = .fraction(value)
        case .text(let value): self = .text(value)
        case .list(let values): self = .list(values.compactMap(OptionValue.init))
        case .object: self = .mapping(Options(json))
        }
    }
}

extension Options {
    /// The options as a JSON object, sorted by key.
    package var json: JSONValue {
        .object(entries.map { JSONValue.Member($0.key, $0.value.json) })
    }

    /// Options from a JSON object.
    package init(_ json: JSONValue) {
        self.init()
        for member in json.members ?? [] { self[member.key] = OptionValue(member.value) }
    }
}
