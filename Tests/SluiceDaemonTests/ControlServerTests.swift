import ControlAPI
import Dispatch
import Glibc
import Logging
import Testing

@testable import SluiceDaemon

@Suite("Control server", .timeLimit(.minutes(5)))
struct ControlServerTests {
    @Test("a question and its body arrive, and so does the answer")
    func roundTrip() async throws {
        try await withServer { socket in
            let client = ControlClient(socket: socket)
            let body = Array(String(repeating: "x", count: 3 << 20).utf8)
            try #expect(client.ask(.apply, body: body) == Array("/v1/apply 3145728".utf8))
            try #expect(client.ask(.status) == Array("/v1/status 0".utf8))
        }
    }

    @Test("an answer that is longer than the socket's buffers arrives whole")
    func longAnswer() async throws {
        try await withServer { socket in
            let peer = try Peer(socket)
            peer.send("GET /v1/graph HTTP/1.1\r\nHost: x\r\n\r\n")
            let answer = peer.receive()
            #expect(answer.hasPrefix("HTTP/1.1 200"))
            #expect(answer.utf8.count > Self.longAnswerBytes)
            try #expect(ControlClient(socket: socket).ask(.graph).count == Self.longAnswerBytes)
        }
    }

    private static let longAnswerBytes = 5 << 20

    @Test(
        "what is no request of ours is refused",
        arguments: [
            ("GET /v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n", "404"),
            ("POST /v1/status HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n", "405"),
            ("GET /v1/apply HTTP/1.1\r\nHost: x\r\n\r\n", "405"),
            ("POST /v1/apply HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n", "413"),
            ("\u{1}\u{2}\u{3}\r\n\r\n", "400"),
        ]
    )
    func refusals(text: String, status: String) async throws {
        try await withServer { socket in
            let peer = try Peer(socket)
            peer.send(text)
            #expect(peer.receive().hasPrefix("HTTP/1.1 \(status)"))
        }
    }

    @Test("a client that is silent in the middle of its request is cut off, others are served")
    func silence() async throws {
        try await withServer { socket in
            let peer = try Peer(socket)
            peer.send("POST /v1/apply HTTP/1.1\r\nContent-Le")
            try #expect(ControlClient(socket: socket).ask(.status) == Array("/v1/status 0".utf8))
            #expect(peer.receive().isEmpty)
        }
    }

    @Test("beyond 64 connections a new one is told so, and room comes back")
    func connections() async throws {
        try await withServer { socket in
            // They wait for lines that never come: who is answered may be silent for any time.
            var peers = try (0...ControlLimits.connectionsMax).map { _ in
                let peer = try Peer(socket)
                peer.send("GET /v1/events HTTP/1.1\r\nHost: x\r\n\r\n")
                return peer
            }
            // Which of them came last only the server knows.
            let status = "HTTP/1.1 200"
            let answers = peers.map { $0.receive(status.utf8.count) }
            let counts = Dictionary(grouping: answers, by: \.self).mapValues(\.count)
            #expect(counts == [status: ControlLimits.connectionsMax, "HTTP/1.1 503": 1])
            peers.removeAll()
            var answer: [UInt8] = []
            while answer.isEmpty {
                // Refused until the server has seen that the others are gone.
                answer = (try? ControlClient(socket: socket).ask(.status)) ?? []
            }
            #expect(answer == Array("/v1/status 0".utf8))
        }
    }

    @Test("P24: a socket for questions refuses every endpoint that changes something")
    func readOnly() async throws {
        try await withServer(isReadOnly: true) { path in
            let client = ControlClient(socket: path)
            for endpoint in ControlEndpoint.allCases where endpoint.changes {
                let error = #expect(throws: ControlError.self) { _ = try client.ask(endpoint) }
                #expect(error?.exitCode == ExitStatus.notPermitted.rawValue, "\(endpoint)")
            }
            #expect(throws: Never.self) { _ = try client.ask(.status) }
        }
    }

    @Test("a stale socket is replaced, one with a listener is not")
    func stale() async throws {
        let path = "/tmp/sluice-control-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let stale = try ControlListener.open(path: path)
        // A child that another test starts may hold a copy of the descriptor for a moment.
        shutdown(stale, Int32(SHUT_RDWR))
        close(stale)
        let descriptor = try ControlListener.open(path: path)
        var status = stat()
        #expect(stat(path, &status) == 0)
        #expect(status.st_mode & 0o777 == 0o660)
        let error = #expect(throws: ControlListenerError.self) {
            _ = try ControlListener.open(path: path)
        }
        #expect(error?.isBusy == true)
        close(descriptor)
        unlink(path)
    }

    /// Runs a server that answers with what it was asked.
    private func withServer(
        isReadOnly: Bool = false,
        _ use: @escaping @Sendable (String) throws -> Void
    ) async throws {
        let path = "/tmp/sluice-control-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let server = try await ControlServer(
            path: path,
            descriptor: try ControlListener.open(path: path),
            isReadOnly: isReadOnly,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        try await withThrowingTaskGroup { group in
            group.addTask {
                // Its end is the cancellation below.
                try? await server.run { question in
                    if question.endpoint == .events {
                        let (lines, continuation) = AsyncStream<[UInt8]>.makeStream()
                        // Held by the action, so that the lines end with the client and not before.
                        question.abandonment.whenSet { continuation.finish() }
                        return ControlAnswer(body: .lines(lines))
                    }
                    if question.endpoint == .graph {
                        let bytes = [UInt8](
                            repeating: UInt8(ascii: "x"),
                            count: Self.longAnswerBytes
                        )
                        return ControlAnswer(body: .whole(bytes))
                    }
                    let words = "\(question.endpoint.rawValue) \(question.body.count)"
                    return ControlAnswer(body: .whole(Array(words.utf8)))
                }
            }
            try await onThread { try use(path) }
            group.cancelAll()
        }
        #expect(access(path, F_OK) != 0)
    }
}

/// Runs blocking work on a thread of its own, so that it cannot starve the tasks it waits for.
private func onThread(_ work: @escaping @Sendable () throws -> Void) async throws {
    try await withCheckedThrowingContinuation { continuation in
        DispatchQueue.global().async { continuation.resume(with: Result { try work() }) }
    }
}

/// A client that sends whatever it is told to.
private final class Peer {
    private let descriptor: Int32

    init(_ path: String) throws {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(connected == 0)
        // A server that was stopped in between answers nobody.
        var patience = timeval(tv_sec: 240, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    }

    deinit { close(descriptor) }

    func send(_ text: String) {
        let bytes = Array(text.utf8)
        _ = write(descriptor, bytes, bytes.count)
    }

    /// Everything until the other side closes, or its first bytes.
    func receive(_ limit: Int = .max) -> String {
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 4096))
        while bytes.count < limit {
            let count = read(descriptor, &chunk, min(chunk.count, limit - bytes.count))
            // A socket with a time limit is never read again by the kernel after a signal, and
            // rings of other tests signal the threads that they were filled on.
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += chunk[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
