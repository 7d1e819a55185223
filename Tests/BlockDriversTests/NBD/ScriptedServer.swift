import BlockGraph
import Glibc
import GraphModel
import RingLoop
import Testing

/// An NBD server with a disk in memory, which lies where its script says so, on threads of its own.
final class ScriptedServer: Sendable {
    private struct State {
        var script: @Sendable (Int) -> ServerScript
        var listener: Int32 = -1
        var connections: Set<Int32> = []
        var connectionCount = 0
        var disk = [UInt8](repeating: 0, count: ServerScript.diskBytes)
        var writes: [UInt64] = []
        var isListening = false
        var accepting: pthread_t?
        /// Port of a TCP server, once it has one.
        var port: UInt16 = 0
    }

    private let directory = Locked<TemporaryDirectory?>(nil)
    private let path: String?
    private let state: Locked<State>

    /// Starts a server on a Unix socket, or on a TCP port of its own.
    ///
    /// The script is that of a connection, counted from 1.
    init(
        isTCP: Bool = false,
        _ script: @escaping @Sendable (Int) -> ServerScript = { _ in ServerScript() }
    ) throws {
        state = Locked(State(script: script))
        if isTCP {
            path = nil
        } else {
            let made = try TemporaryDirectory()
            directory.withLock { $0 = made }
            path = made.path + "/server.sock"
        }
        start()
    }

    deinit { stop() }

    /// What an error must name.
    var place: String { path ?? "127.0.0.1:\(state.withLock { $0.port })" }
    /// How many clients have come.
    var connectionCount: Int { state.withLock { $0.connectionCount } }
    /// How many clients are there.
    var clientCount: Int { state.withLock { $0.connections.count } }
    /// Offsets of all writes that were done.
    var writes: [UInt64] { state.withLock { $0.writes } }

    /// A node that is its client.
    func node(_ options: [(String, OptionValue)] = []) -> NodeDescription {
        let server: [(String, OptionValue)] =
            path.map { [("type", .text("unix")), ("path", .text($0))] } ?? [
                ("type", .text("inet")), ("host", .text("127.0.0.1")),
                ("port", .integer(Int64(state.withLock { $0.port }))),
            ]
        return BlockDriversTests.node(
            "nbd",
            [("server", .mapping(Options(server)))] + options,
            named: "remote"
        )
    }

    /// Says something else from now on.
    func change(_ script: @escaping @Sendable (Int) -> ServerScript) {
        state.withLock { $0.script = script }
    }

    /// Takes clients (again).
    func start() {
        let listener = listen(backlog: 64)
        let thread = Self.onThread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0 || errno == EINTR, let self else { return }
                guard client >= 0 else { continue }
                serve(client)
            }
        }
        state.withLock { state in
            state.listener = listener
            state.accepting = thread
            state.isListening = true
        }
    }

    /// Goes away with all connections.
    func stop() {
        let (listener, thread) = state.withLock { state in
            defer { (state.isListening, state.accepting) = (false, nil) }
            for client in state.connections { shutdown(client, Int32(SHUT_RDWR)) }
            return (state.listener, state.accepting)
        }
        if let path { unlink(path) }
        guard let thread else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        pthread_join(thread, nil)
        close(listener)
    }

    /// Hangs up on all clients, and goes on.
    func hangUp() {
        state.withLock { state in
            for client in state.connections { shutdown(client, Int32(SHUT_RDWR)) }
        }
    }

    /// Has the kernel leave new TCP clients without an answer, as a host that is gone does.
    ///
    /// - Returns: The sockets that see to it, to be closed.
    func becomeBlackHole() -> [Int32] {
        let listener = listen(backlog: 0)
        var sockets = [listener]
        for _ in 0..<4 {
            let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | O_NONBLOCK, 0)
            withAddress { _ = connect(client, $0, $1) }
            sockets.append(client)
        }
        return sockets
    }

    private func serve(_ client: Int32) {
        let number = state.withLock { state -> Int in
            state.connections.insert(client)
            state.connectionCount += 1
            return state.connectionCount
        }
        let script = state.withLock { $0.script }(number)
        let thread = Self.onThread { [self] in
            var session = ServerSession(fd: client, script: script, server: self)
            session.run()
            state.withLock { _ = $0.connections.remove(client) }
            close(client)
        }
        pthread_detach(thread)
    }

    /// Does what a command says, and returns what it brings.
    func perform(_ command: ServerCommand, _ payload: [UInt8]) -> (data: [UInt8], extents: [UInt8])
    {
        let begin = Int(clamping: command.offset)
        let end = begin + Int(command.length)
        return state.withLock { state in
            guard end <= state.disk.count else { return ([], []) }
            switch command.type {
            case ServerCommand.read: return (Array(state.disk[begin..<end]), [])
            case ServerCommand.write:
                state.writes.append(command.offset)
                state.disk.replaceSubrange(begin..<end, with: payload)
            case ServerCommand.trim, ServerCommand.writeZeroes:
                state.disk.replaceSubrange(begin..<end, with: repeatElement(0, count: end - begin))
            case ServerCommand.blockStatus:
                return ([], Self.extents(state.disk[begin..<end]))
            default: break
            }
            return ([], [])
        }
    }

    private static func extents(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        var found: [UInt8] = []
        var rest = bytes
        while !rest.isEmpty {
            let piece = rest.prefix(4096)
            let flags: UInt32 = piece.allSatisfy { $0 == 0 } ? 3 : 0
            found += Wire.big(UInt32(piece.count)) + Wire.big(flags)
            rest = rest.dropFirst(piece.count)
        }
        return found
    }

    private func listen(backlog: Int32) -> Int32 {
        let family = path == nil ? AF_INET : AF_UNIX
        let listener = socket(family, Int32(SOCK_STREAM.rawValue) | O_CLOEXEC, 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        withAddress { address, length in
            let result = bind(listener, address, length)
            precondition(result == 0, "the server of a test cannot bind: \(errno)")
        }
        Glibc.listen(listener, backlog)
        if path == nil {
            var address = sockaddr_in()
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    _ = getsockname(listener, $0, &length)
                }
            }
            let port = UInt16(bigEndian: address.sin_port)
            state.withLock { $0.port = port }
        }
        return listener
    }

    private func withAddress(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Void) {
        guard let path else {
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = state.withLock { $0.port }.bigEndian
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            return withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }

    private final class Body: Sendable {
        let run: @Sendable () -> Void
        init(_ run: @escaping @Sendable () -> Void) { self.run = run }
    }

    private static func onThread(_ run: @escaping @Sendable () -> Void) -> pthread_t {
        var thread = pthread_t()
        let box = Unmanaged.passRetained(Body(run)).toOpaque()
        let result = pthread_create(
            &thread,
            nil,
            { argument in
                if let argument { Unmanaged<Body>.fromOpaque(argument).takeRetainedValue().run() }
                return nil
            },
            box
        )
        precondition(result == 0, "no thread for the server of a test")
        return thread
    }
}
