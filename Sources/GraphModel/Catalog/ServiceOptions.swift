extension Catalog {
    /// Options of an I/O thread.
    package static let ioThreadOptions: [OptionSpecification] = [
        OptionSpecification(
            "cpu",
            .integer(0...4095),
            change: .live,
            "Processor on which the thread runs."
        )
    ]

    /// Options of a listener.
    package static let listenerOptions: [OptionSpecification] = [
        OptionSpecification(
            "type",
            .choice(["nbd"]),
            isRequired: true,
            change: .replace,
            "Protocol that is spoken."
        ),
        OptionSpecification(
            "address",
            .text,
            isRequired: true,
            change: .replace,
            "Where clients connect: unix:PATH or tcp:HOST:PORT."
        ),
        OptionSpecification(
            "mode",
            .fileMode,
            change: .live,
            "Permission bits of the socket's file."
        ),
        OptionSpecification(
            "max-connections",
            .integer(1...65_536),
            default: .integer(256),
            change: .live,
            "Most clients at a time."
        ),
        OptionSpecification(
            "tls",
            .mapping([
                OptionSpecification(
                    "certificate",
                    .text,
                    isRequired: true,
                    "Own certificate, a file."
                ),
                OptionSpecification("key", .text, isRequired: true, "Its key, a file."),
                OptionSpecification("client-ca", .text, "Who signs clients' certificates, a file."),
            ]),
            change: .replace,
            "Encrypt; refuse clients that do not."
        ),
    ]

    /// Options of an export.
    package static let exportOptions: [OptionSpecification] = [
        OptionSpecification(
            "type",
            .choice(["nbd"]),
            isRequired: true,
            change: .replace,
            "Kind of export."
        ),
        OptionSpecification(
            "node",
            .reference(.node),
            isRequired: true,
            change: .reopen,
            "Node that is served."
        ),
        OptionSpecification(
            "listener",
            .reference(.listener),
            change: .live,
            "Where; may be left out when there is one listener."
        ),
        OptionSpecification(
            "name",
            .text,
            change: .live,
            "Name that clients ask for; the export's key by default."
        ),
        OptionSpecification(
            "writable",
            .flag,
            default: .flag(false),
            change: .reopen,
            "Whether clients may write."
        ),
        OptionSpecification(
            "description",
            .text,
            change: .live,
            isSilent: true,
            "A word for people."
        ),
        OptionSpecification(
            "iothread",
            .oneOrMore(.reference(.ioThread)),
            change: .reopen,
            "Thread that serves it, or threads that share its clients among them."
        ),
        OptionSpecification(
            "share",
            .permissions,
            default: .list(PermissionRules.exportShares.names.map { .text($0) }),
            change: .live,
            "Permissions that other users of the node may hold."
        ),
        OptionSpecification(
            "max-connections",
            .integer(1...65_536),
            change: .live,
            isSilent: true,
            "Most clients at a time."
        ),
        OptionSpecification(
            "on-remove",
            .choice(["refuse", "drain", "disconnect"]),
            default: .text("refuse"),
            change: .live,
            isSilent: true,
            "What happens to clients when the export is removed."
        ),
        OptionSpecification(
            "protect",
            .flag,
            default: .flag(false),
            change: .live,
            isSilent: true,
            "Refuse to remove this export unless allowed by name."
        ),
    ]

    /// Where a listener's address leads.
    package enum ListenerAddress: Hashable, Sendable {
        /// A socket file.
        case unix(path: String)
        /// A TCP port.
        case tcp(host: String, port: UInt16)

        /// Reads `unix:PATH` or `tcp:HOST:PORT`; a host with colons stands in brackets.
        package init?(_ text: String) {
            if text.hasPrefix("unix:") {
                let path = String(text.dropFirst(5))
                guard !path.isEmpty, path.utf8.count <= Self.pathBytesMax else { return nil }
                self = .unix(path: path)
                return
            }
            guard text.hasPrefix("tcp:"), let colon = text.lastIndex(of: ":"),
                let port = Self.port(text[text.index(after: colon)...])
            else { return nil }
            var host = text[..<colon].dropFirst(4)
            if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
            guard !host.isEmpty else { return nil }
            self = .tcp(host: String(host), port: port)
        }

        private static func port(_ digits: Substring) -> UInt16? {
            digits.allSatisfy { $0.isASCII && $0.isNumber } ? UInt16(digits) : nil
        }

        /// What is wrong with an address, and what may have been meant; `nil` for a good one.
        package static func fault(in text: String) -> (reason: String, suggestion: String?)? {
            if Self(text) != nil { return nil }
            if text.hasPrefix("unix:") {
                let length = text.utf8.count - 5
                return length == 0
                    ? ("no path after unix:", nil)
                    : ("a path of \(length) bytes; at most \(pathBytesMax)", nil)
            }
            guard text.hasPrefix("tcp:") else {
                if text.hasPrefix("/") { return ("neither unix: nor tcp:", "unix:" + text) }
                // An address of a client: nbd://HOST:PORT/EXPORT.
                if text.hasPrefix("nbd://") {
                    let host = "tcp:" + text.dropFirst(6).prefix { $0 != "/" }
                    let address = Self(host) == nil ? host + ":10809" : host
                    return ("neither unix: nor tcp:", Self(address).map { _ in address })
                }
                if text.contains("://") { return ("neither unix: nor tcp:", nil) }
                return ("neither unix: nor tcp:", Self("tcp:" + text).map { _ in "tcp:" + text })
            }
            let rest = text.dropFirst(4)
            guard let colon = rest.lastIndex(of: ":"), !rest.hasSuffix("]") else {
                return ("no port after the host", rest.isEmpty ? nil : "\(text):10809")
            }
            let digits = rest[rest.index(after: colon)...]
            if port(digits) == nil { return ("the port is a number from 0 to 65535", nil) }
            return ("no host before the port", "tcp:127.0.0.1:\(digits)")
        }

        /// Longest path of a socket, in bytes: what the kernel's address has room for.
        package static let pathBytesMax = 107
    }
}
