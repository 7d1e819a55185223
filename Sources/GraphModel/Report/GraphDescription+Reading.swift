/// Why a JSON value is no graph.
package struct GraphFormatError: Error, Hashable {
    /// A sentence that names the place.
    package let reason: String

    /// Says why.
    package init(reason: String) { self.reason = reason }
}

extension GraphDescription {
    /// Reads the form that ``json`` writes.
    ///
    /// Names are checked, options are taken as they are: what wrote them had checked them.
    package init(json: JSONValue) throws(GraphFormatError) {
        self.init()
        guard let format = json["format"]?.text else {
            throw GraphFormatError(reason: "a saved graph has a member format")
        }
        guard format == Self.formatName else {
            throw GraphFormatError(
                reason: "format \(format) is not known; this version reads \(Self.formatName)"
            )
        }
        for (name, value) in try Self.section("iothreads", of: json) {
            ioThreads[name] = IOThreadDescription(name: name, options: Self.options(of: value))
        }
        for (name, value) in try Self.section("throttle-groups", of: json) {
            throttleGroups[name] = ThrottleGroupDescription(
                name: name,
                limits: Self.options(of: value)
            )
        }
        for (name, value) in try Self.section("listeners", of: json) {
            listeners[name] = ListenerDescription(name: name, options: Self.options(of: value))
        }
        for (name, value) in try Self.section("nodes", of: json) {
            nodes[name] = try NodeDescription(name: name, json: value)
        }
        for (name, value) in try Self.section("exports", of: json) {
            exports[name] = ExportDescription(
                name: name,
                type: try Self.text("type", of: value, "export \(name)"),
                node: try Self.text("node", of: value, "export \(name)"),
                listener: try Self.text("listener", of: value, "export \(name)"),
                options: Self.options(of: value)
            )
        }
    }

    private static func section(
        _ key: String,
        of json: JSONValue
    ) throws(GraphFormatError) -> [(String, JSONValue)] {
        guard let members = json[key]?.members else {
            throw GraphFormatError(reason: "a saved graph has an object \(key)")
        }
        for member in members {
            if let fault = ObjectName.fault(in: member.key) {
                throw GraphFormatError(reason: "name \(member.key) in \(key) \(fault)")
            }
        }
        return members.map { ($0.key, $0.value) }
    }

    private static func options(of json: JSONValue) -> Options {
        json["options"].map { Options($0) } ?? Options()
    }

    fileprivate static func text(
        _ key: String,
        of json: JSONValue,
        _ owner: String
    ) throws(GraphFormatError) -> String {
        guard let text = json[key]?.text else {
            throw GraphFormatError(reason: "\(owner) has no text \(key)")
        }
        return text
    }
}

extension NodeDescription {
    fileprivate init(name: String, json: JSONValue) throws(GraphFormatError) {
        var children: [ChildReference] = []
        for child in json["children"]?.list ?? [] {
            children.append(
                ChildReference(
                    edge: try GraphDescription.text("edge", of: child, "a child of node \(name)"),
                    node: try GraphDescription.text("node", of: child, "a child of node \(name)")
                )
            )
        }
        self.init(
            name: name,
            driver: try GraphDescription.text("driver", of: json, "node \(name)"),
            options: json["options"].map { Options($0) } ?? Options(),
            children: children,
            formerly: json["formerly"]?.text
        )
        emptySlots = (json["empty-slots"]?.list ?? []).compactMap(\.text)
    }
}
