internal import BlockGraph
internal import GraphModel

/// Listeners and exports of type `nbd` that a graph wishes, checked.
struct NBDPlan: Sendable {
    /// What is wished of a listener.
    struct Listener: Sendable {
        var name: String
        var mode: UInt32
        var clientCountMax: Int
    }

    /// What is wished of an export.
    struct Export: Sendable {
        var facts: NBDExportFacts
        var address: NBDAddress
        var clientCountMax: Int
    }

    /// Rights of a socket's file when the configuration states none.
    static let modeDefault: UInt32 = 0o600

    /// Listeners by address: a listener that only gets another name goes on.
    private(set) var listeners: [NBDAddress: Listener] = [:]
    /// Exports by key.
    private(set) var exports: [String: Export] = [:]

    /// Reads a graph.
    init(_ change: ExportChange) throws(GraphError) {
        var addresses: [String: NBDAddress] = [:]
        for (name, listener) in change.desired.listeners.sorted(by: { $0.key < $1.key })
        where listener.options.text("type") ?? "nbd" == "nbd" {
            addresses[name] = try add(listener, baseDirectory: change.baseDirectory)
        }
        var names: [NBDAddress: [String: String]] = [:]
        for (key, export) in change.desired.exports.sorted(by: { $0.key < $1.key })
        where export.type == "nbd" {
            guard let address = addresses[export.listener] else {
                throw Self.refusal(
                    key,
                    "listener",
                    "there is no listener \(export.listener) of type nbd"
                )
            }
            if let other = names[address]?.updateValue(key, forKey: export.publicName) {
                throw Self.refusal(
                    key,
                    "name",
                    "clients of \(address) know export \(other) by the same name "
                        + "\(export.publicName); give one of them another name"
                )
            }
            names[address, default: [:]][export.publicName] = key
            try add(export, at: address, limits: change.limits[key])
        }
    }

    private mutating func add(
        _ listener: ListenerDescription,
        baseDirectory: String
    ) throws(GraphError) -> NBDAddress {
        let name = listener.name
        if listener.options["tls"] != nil {
            throw GraphError(
                code: .notOpenable,
                object: "listener/\(name)",
                option: "tls",
                reason: "TLS is not supported by this version; remove tls from listener \(name) "
                    + "and keep it on a Unix socket or a trusted network"
            )
        }
        let address = try NBDAddress(
            listener.options.text("address") ?? "",
            listener: name,
            baseDirectory: baseDirectory
        )
        if let other = listeners[address] {
            throw GraphError(
                code: .address,
                object: "listener/\(name)",
                option: "address",
                reason: "listener \(other.name) has the same address \(address)"
            )
        }
        listeners[address] = Listener(
            name: name,
            mode: listener.options.integer("mode").map { UInt32(truncatingIfNeeded: $0) & 0o777 }
                ?? Self.modeDefault,
            clientCountMax: listener.options.integer("max-connections").map { Int($0) }
                ?? NBDDoor.clientCountDefault
        )
        return address
    }

    private mutating func add(
        _ export: ExportDescription,
        at address: NBDAddress,
        limits: BlockLimits?
    ) throws(GraphError) {
        let name = export.publicName
        guard name.utf8.count <= NBDHandshake.nameBytesMax else {
            throw Self.refusal(
                export.name,
                "name",
                "the name has \(name.utf8.count) bytes; NBD takes at most "
                    + "\(NBDHandshake.nameBytesMax)"
            )
        }
        let limits = limits ?? BlockLimits(sizeBytes: 0)
        let smallest = max(1, limits.alignmentBytes)
        let preferred = max(limits.preferredBytes, smallest, 512)
        let facts = NBDExportFacts(
            key: export.name,
            name: name,
            description: export.options.text("description") ?? "",
            sizeBytes: limits.sizeBytes,
            blockBytesMin: smallest,
            blockBytesPreferred: preferred,
            payloadBytesMax: max(
                preferred,
                min(limits.transferBytesMax, BlockLimits.transferBytesCeiling)
            ),
            isWritable: export.isWritable && !limits.isReadOnly
        )
        exports[export.name] = Export(
            facts: facts,
            address: address,
            clientCountMax: export.options.integer("max-connections").map { Int($0) } ?? .max
        )
    }

    private static func refusal(_ key: String, _ option: String, _ reason: String) -> GraphError {
        GraphError(code: .address, object: "export/\(key)", option: option, reason: reason)
    }

    /// What clients shall find.
    func directory(handlers: [String: NBDExport]) -> ExportDirectory.Content {
        var content = ExportDirectory.Content()
        for (key, export) in exports {
            guard let handler = handlers[key] else { continue }
            content.entries[key] = ExportDirectory.Entry(
                facts: export.facts,
                handler: handler,
                clientCountMax: export.clientCountMax
            )
            content.names[export.address, default: [:]][export.facts.name] = key
        }
        return content
    }
}
