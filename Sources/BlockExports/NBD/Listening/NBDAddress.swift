internal import BlockGraph

/// Where a listener listens.
enum NBDAddress: Hashable, Sendable, CustomStringConvertible {
    /// A Unix socket by its absolute path.
    case unix(path: String)
    /// A host and port, as text.
    case tcp(host: String, port: String)

    /// Longest path of a Unix socket, in bytes.
    static let pathBytesMax = 107

    /// Reads `unix:PATH` or `tcp:HOST:PORT`; relative paths start from a directory.
    init(_ text: String, listener: String, baseDirectory: String) throws(GraphError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = parts.count == 2 ? String(parts[1]) : ""
        switch parts[0] {
        case "unix" where !rest.isEmpty:
            let path = rest.hasPrefix("/") ? rest : baseDirectory + "/" + rest
            guard path.utf8.count <= Self.pathBytesMax, !path.utf8.contains(0) else {
                throw Self.refusal(
                    listener,
                    "the socket's path \(path) is longer than \(Self.pathBytesMax) bytes, which "
                        + "is all that Linux takes; use a shorter one"
                )
            }
            self = .unix(path: path)
        case "tcp":
            guard let colon = rest.lastIndex(of: ":") else { fallthrough }
            let host = rest[..<colon]
            let port = rest[rest.index(after: colon)...]
            let isBracketed = host.hasPrefix("[") && host.hasSuffix("]")
            let plain = isBracketed ? host.dropFirst().dropLast() : host
            guard !plain.isEmpty, UInt16(port) != nil else { fallthrough }
            self = .tcp(host: String(plain), port: String(port))
        default:
            throw Self.refusal(
                listener,
                "\(text) is no address; write unix:/path/of/socket or tcp:HOST:PORT"
            )
        }
    }

    private static func refusal(_ listener: String, _ reason: String) -> GraphError {
        GraphError(
            code: .address,
            object: "listener/\(listener)",
            option: "address",
            reason: reason
        )
    }

    /// The address as it is written.
    var description: String {
        switch self {
        case .unix(let path): "unix:\(path)"
        case .tcp(let host, let port): "tcp:\(host.contains(":") ? "[\(host)]" : host):\(port)"
        }
    }
}
