internal import ControlAPI
internal import Glibc
package import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import RingLoop

/// Serves HTTP/1 on the control socket, one request a connection.
package struct ControlServer: Sendable {
    /// Answers one request.
    package typealias Route = @Sendable (ControlQuestion) async -> ControlAnswer

    private typealias Client = NIOAsyncChannel<
        NIOHTTPServerRequestFull, HTTPPart<HTTPResponseHead, ByteBuffer>
    >

    private let path: String
    private let isReadOnly: Bool
    private let channel: NIOAsyncChannel<any Channel, Never>
    private let logger: Logger

    /// Takes a socket that listens; clients wait until ``run(_:)``.
    ///
    /// - Parameters:
    ///   - path: Its name, which is removed at the end.
    ///   - descriptor: The socket, which the server closes.
    ///   - isReadOnly: Whether it changes nothing, whoever asks. Who may ask is then said by the
    ///     owner, the group and the mode of the name.
    ///   - logger: Where to say what goes wrong.
    /// - Throws: An error when no more can be served by this process.
    package init(
        path: String,
        descriptor: CInt,
        isReadOnly: Bool = false,
        logger: Logger
    ) async throws {
        self.path = path
        self.isReadOnly = isReadOnly
        self.logger = logger
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            // Nothing is read before somebody serves the client, so that it may still be turned away.
            .childChannelOption(.autoRead, value: false)
            .bind(descriptor) { $0.eventLoop.makeSucceededFuture($0) }
    }

    /// Serves clients until the task is cancelled, then removes the socket.
    package func run(_ route: @escaping Route) async throws {
        let counter = Counter()
        defer { unlink(path) }
        try await channel.executeThenClose { clients in
            try await withThrowingDiscardingTaskGroup { group in
                for try await client in clients {
                    guard let number = counter.enter() else {
                        logger.warning("control connection refused", metadata: ["why": "too many"])
                        try? await client.close()  // It may be closed already.
                        continue
                    }
                    let isServed = number <= ControlLimits.connectionsMax
                    group.addTask {
                        await serve(client, isServed ? route : Self.busy)
                        counter.leave()
                    }
                }
            }
        }
    }

    /// What everybody beyond the limit is answered, whatever they ask.
    private static let busy: Route = { _ in
        refusal(503, "too many ask at the same time; ask again soon")
    }

    private static func configure(_ channel: any Channel) throws -> Client {
        let pipeline = channel.pipeline.syncOperations
        try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
        try pipeline.addHandler(SilenceTimer())
        try pipeline.addHandler(
            NIOHTTPServerRequestAggregator(maxContentLength: ControlLimits.requestBytesMax)
        )
        try pipeline.addHandler(AnswerEncoder())
        let client = try Client(wrappingChannelSynchronously: channel)
        // Reading starts with the timer: what the rest of the process is busy with is no silence.
        try channel.syncOptions?.setOption(.autoRead, value: true)
        return client
    }

    /// Serves one client; what goes wrong with it is its own matter and ends with it.
    private func serve(_ channel: any Channel, _ route: Route) async {
        let abandonment = Abandonment()
        channel.closeFuture.whenComplete { _ in abandonment.set() }
        do {
            // No earlier: a client that nobody serves, because the daemon ends, must not be wrapped.
            let client = try await channel.eventLoop.submit { try Self.configure(channel) }.get()
            try await client.executeThenClose { requests, answers in
                for try await request in requests {
                    let answer = await self.answer(request, from: channel, abandonment, route)
                    try await write(answer, to: answers, of: channel)
                    return
                }
            }
        } catch {
            logger.debug("control connection ended early", metadata: ["reason": "\(error)"])
        }
    }

    private func write(
        _ answer: ControlAnswer,
        to answers: NIOAsyncChannelOutboundWriter<HTTPPart<HTTPResponseHead, ByteBuffer>>,
        of channel: any Channel
    ) async throws {
        var headers = HTTPHeaders([("Connection", "close")])
        switch answer.body {
        case .whole(let bytes):
            let type = answer.status == 200 ? "application/json" : "text/plain; charset=utf-8"
            headers.add(name: "Content-Type", value: type)
            headers.add(name: "Content-Length", value: String(bytes.count))
        case .lines: headers.add(name: "Content-Type", value: "application/x-ndjson")
        }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: HTTPResponseStatus(statusCode: answer.status),
            headers: headers
        )
        try await answers.write(.head(head))
        switch answer.body {
        case .whole(let bytes): try await answers.write(.body(ByteBuffer(bytes: bytes)))
        case .lines(let lines):
            for await line in lines { try await answers.write(.body(ByteBuffer(bytes: line))) }
        }
        // The writer ends when the channel has taken a part; what the socket has not taken by then
        // is lost when the connection is closed. This end comes when the socket has taken all.
        let end = HTTPPart<HTTPResponseHead, ByteBuffer>.end(nil)
        try await channel.writeAndFlush(end).get()
    }

    private func answer(
        _ request: NIOHTTPServerRequestFull,
        from channel: any Channel,
        _ abandonment: Abandonment,
        _ route: Route
    ) async -> ControlAnswer {
        guard let peer = await peer(of: channel),
            isReadOnly || peer.user == 0 || peer.user == getuid()
        else {
            return refusal(403, "only root and the user that runs the daemon may ask it")
        }
        let parts = request.head.uri.split(separator: "?", maxSplits: 1)
        let path = parts.first ?? "/"
        guard let endpoint = ControlEndpoint(rawValue: String(path)) else {
            return refusal(404, "there is no \(path); see /v1/version")
        }
        guard !isReadOnly || !endpoint.changes else {
            return refusal(
                403,
                "\(self.path) only answers questions, and changes nothing; ask on the control socket, "
                    + "as root or as the user that runs the daemon"
            )
        }
        guard request.head.method == (endpoint.changes ? .POST : .GET) else {
            return refusal(405, "\(path) takes \(endpoint.changes ? "POST" : "GET")")
        }
        let body = request.body.map { Array($0.readableBytesView) } ?? []
        return await route(
            ControlQuestion(
                endpoint: endpoint,
                query: ControlQuery(text: parts.count > 1 ? parts[1] : ""),
                body: body,
                peer: ControlPeer(process: peer.process, user: peer.user),
                abandonment: abandonment
            )
        )
    }

    /// Who is at the other end; `nil` when the kernel does not tell, and then nobody is let in.
    private func peer(of channel: any Channel) async -> PeerCredentials? {
        guard let options = channel as? any SocketOptionProvider else { return nil }
        let peer: EventLoopFuture<PeerCredentials> = options.unsafeGetSocketOption(
            level: SocketOptionLevel(SOL_SOCKET),
            name: SocketOptionName(SO_PEERCRED)
        )
        return try? await peer.get()
    }
}

private func refusal(_ status: Int, _ sentence: String) -> ControlAnswer {
    ControlAnswer(status: status, body: .whole(Array((sentence + "\n").utf8)))
}

/// `struct ucred` of the kernel.
private struct PeerCredentials: Sendable {
    let process: pid_t
    let user: uid_t
    let group: gid_t
}

/// Counts connections, and those that are told that there are too many.
private final class Counter: Sendable {
    private static let limit = ControlLimits.connectionsMax + ControlLimits.refusalsMax

    private let count = Locked(0)

    /// The number of one more; nothing when it is not even told.
    func enter() -> Int? {
        count.withLock { count in
            guard count < Self.limit else { return nil }
            count += 1
            return count
        }
    }

    func leave() { count.withLock { $0 -= 1 } }
}
