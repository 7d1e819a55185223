internal import BlockGraph
internal import GraphModel

/// Options of an `nbd` node.
struct NBDClientSettings: Sendable {
    /// Where the server is.
    enum Place: Hashable, Sendable, CustomStringConvertible {
        case unix(path: String)
        case inet(host: String, port: UInt16)

        var description: String {
            switch self {
            case .unix(let path): path
            case .inet(let host, let port): "\(host.contains(":") ? "[\(host)]" : host):\(port)"
            }
        }
    }

    /// Longest name of an export, as the protocol has it.
    static let exportBytesMax = 4096
    /// Longest path of a Unix socket.
    static let pathBytesMax = 107

    let object: String
    let place: Place
    let export: String
    let reconnectNanoseconds: UInt64
    let openNanoseconds: UInt64
    let rules: NodeRules
    /// Whether somebody may write.
    let isWritten: Bool

    init(_ opening: DriverOpening) throws(GraphError) {
        let options = opening.node.options
        let object = "node/\(opening.node.name)"
        self.object = object
        func refuse(_ option: String, _ reason: String) -> GraphError {
            GraphError(code: .openFailed, object: object, option: option, reason: reason)
        }
        guard options.mapping("tls") == nil else {
            throw refuse(
                "tls",
                "an nbd node cannot encrypt in this version; remove tls, or reach the server "
                    + "through a tunnel that encrypts (stunnel, ssh -L)"
            )
        }
        let server = options.mapping("server") ?? Options()
        if let path = server.text("path") {
            let absolute = opening.path(path)
            guard absolute.utf8.count <= Self.pathBytesMax, !absolute.utf8.contains(0) else {
                throw refuse(
                    "server.path",
                    "the socket's path \(absolute) is longer than \(Self.pathBytesMax) bytes, "
                        + "which is all that Linux takes; use a shorter one"
                )
            }
            place = .unix(path: absolute)
        } else {
            place = .inet(
                host: server.text("host") ?? "localhost",
                port: UInt16(clamping: server.integer("port") ?? 10_809)
            )
        }
        export = options.text("export") ?? ""
        guard export.utf8.count <= Self.exportBytesMax else {
            throw refuse("export", "an export's name has at most \(Self.exportBytesMax) bytes")
        }
        reconnectNanoseconds = UInt64(clamping: options.integer("reconnect-delay") ?? 0)
        openNanoseconds = UInt64(clamping: options.integer("open-timeout") ?? 0)
        rules = NodeRules(options)
        isWritten = !rules.isReadOnly && opening.masks.includeWriting
    }
}
