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

    /// Keys of exports by the names that clients ask for, by address.
    private(set) var names: [NBDAddress: [String: String]] = [:]
    /// Addresses by the listeners' names.
    private var addresses: [String: NBDAddress] = [:]

    /// No listeners.
    init() {}

    /// Reads what a change is about, and takes the rest from what is live.
    init(_ change: ExportChange, after live: NBDPlan) throws(GraphError) {
        for (name, listener) in change.desired.listeners.sorted(by: { $0.key < $1.key })
        where listener.options.text("type") ?? "nbd" == "nbd" {
            addresses[name] = try add(listener, baseDirectory: change.baseDirectory)
        }
        if addresses == live.addresses {
            (exports, names) = (live.exports, live.names)
            for key in change.gone + change.affected { forget(key) }
            for key in change.affected { try place(key, change, known: nil) }
        } else {
            let affected = Set(change.affected)
            for key in change.desired.exports.keys.sorted() {
                let known = affected.contains(key) ? nil : live.exports[key]?.facts
                try place(key, change, known: known)
            }
        }
    }

    private mutating func forget(_ key: String) {
        guard let export = exports.removeValue(forKey: key) else { return }
        names[export.address]?[export.facts.name] = nil
    }

    /// Adds an export where its listener is.
    private mutating func place(
        _ key: String,
        _ change: ExportChange,
        known: NBDExportFacts?
    ) throws(GraphError) {
        guard let export = change.desired.exports[key], export.type == "nbd" else { return }
        guard let address = addresses[export.listener] else {
            throw Self.refusal(
                key,
                "listener",
                "there is no listener \(export.listener) of type nbd"
            )
        }
        if let other = names[address]?[export.publicName] {
            throw Self.refusal(
                key,
                "name",
                "clients of \(address) know export \(other) by the same name "
                    + "\(export.publicName); give one of them another name"
            )
        }
        names[address, default: [:]][export.publicName] = key
        let facts: NBDExportFacts
        if let known {
            facts = known
        } else {
            facts = try Self.facts(of: export, limits: change.limits[key])
        }
        exports[key] = Export(
            facts: facts,
            address: address,
            clientCountMax: export.options.integer("max-connections").map { Int($0) } ?? .max
        )
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

    private static func facts(
        of export: ExportDescription,
        limits: BlockLimits?
    ) throws(GraphError) -> NBDExportFacts {
        let name = export.publicName
        guard name.utf8.count <= NBDHandshake.nameBytesMax else {
            throw refusal(
                export.name,
                "name",
                "the name has \(name.utf8.count) bytes; NBD takes at most "
                    + "\(NBDHandshake.nameBytesMax)"
            )
        }
        let limits = limits ?? BlockLimits(sizeBytes: 0)
        let smallest = max(1, limits.alignmentBytes)
        let preferred = max(limits.preferredBytes, smallest, 512)
        return NBDExportFacts(
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
    }

    private static func refusal(_ key: String, _ option: String, _ reason: String) -> GraphError {
        GraphError(code: .address, object: "export/\(key)", option: option, reason: reason)
    }
}
