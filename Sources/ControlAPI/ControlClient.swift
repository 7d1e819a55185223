internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks a daemon over its control socket; waits for the answer.
///
/// For command lines: it blocks its thread, so it is not called on an event loop or in a task that
/// others wait for.
package struct ControlClient: Sendable {
    /// Longest wait for an answer, in seconds, when nothing else is said.
    package static let answerSecondsMax: Int64 = 3600

    /// Path of the socket.
    package let socket: String

    /// A client of the daemon that listens there.
    package init(socket: String) { self.socket = socket }

    /// Sends a request and returns the body of the answer.
    ///
    /// - Parameters:
    ///   - endpoint: What is asked.
    ///   - query: Values that the question carries.
    ///   - body: JSON for the endpoints that take some.
    ///   - timeoutSeconds: Longest wait for the answer.
    /// - Returns: The answer's body, which is JSON.
    /// - Throws: ``ControlError`` when nobody answers or the daemon refuses.
    package func ask(
        _ endpoint: ControlEndpoint,
        query: ControlQuery = ControlQuery(),
        body: [UInt8] = [],
        timeoutSeconds: Int64 = answerSecondsMax
    ) throws(ControlError) -> [UInt8] {
        let answer = try exchange(address(endpoint, query), endpoint.changes, body, timeoutSeconds)
        guard answer.head.status == .ok else {
            let text = answer.body.map { String(buffer: $0) } ?? ""
            throw ControlError(
                code: .refused(Int(answer.head.status.code)),
                socket: socket,
                reason: "the daemon refused: \(answer.head.status) \(text)"
            )
        }
        return answer.body.map { Array($0.readableBytesView) } ?? []
    }

    /// Follows an answer that comes line by line until the daemon ends it or the reader has enough.
    ///
    /// - Parameters:
    ///   - endpoint: What is asked.
    ///   - query: Values that the question carries.
    ///   - read: Takes a line without its end; says whether more are wanted.
    /// - Throws: ``ControlError`` when nobody answers or the daemon refuses.
    package func follow(
        _ endpoint: ControlEndpoint,
        query: ControlQuery = ControlQuery(),
        read: @escaping @Sendable (String) -> Bool
    ) throws(ControlError) {
        let channel = try connect(isWhole: false)
        do {
            let end = channel.eventLoop.makePromise(of: HTTPResponseStatus.self)
            try channel.eventLoop.submit {
                try channel.pipeline.syncOperations.addHandler(LineReader(end: end, read: read))
            }.wait()
            send(address(endpoint, query), endpoint.changes, [], on: channel)
            let status = try end.futureResult.wait()
            guard status != .ok else { return }
            throw ControlError(
                code: .refused(Int(status.code)),
                socket: socket,
                reason: "the daemon refused: \(status)"
            )
        } catch let error as ControlError {
            throw error
        } catch {
            throw ControlError(
                code: .brokenAnswer,
                socket: socket,
                reason: "the daemon at \(socket) stopped answering: \(error); it may have ended"
            )
        }
    }

    private func address(_ endpoint: ControlEndpoint, _ query: ControlQuery) -> String {
        let text = query.text
        return endpoint.rawValue + (text.isEmpty ? "" : "?" + text)
    }

    private func exchange(
        _ address: String,
        _ changes: Bool,
        _ body: [UInt8],
        _ timeoutSeconds: Int64
    ) throws(ControlError) -> NIOHTTPClientResponseFull {
        let channel = try connect()
        let began = NIODeadline.now()
        do {
            let answer = channel.eventLoop.makePromise(of: NIOHTTPClientResponseFull.self)
            let collector = AnswerCollector(answer: answer)
            try channel.pipeline.addHandler(collector).wait()
            let timer = channel.eventLoop.scheduleTask(in: .seconds(timeoutSeconds)) {
                channel.close(promise: nil)
            }
            send(address, changes, body, on: channel)
            defer {
                timer.cancel()
                channel.close(promise: nil)
            }
            return try answer.futureResult.wait()
        } catch {
            if NIODeadline.now() - began >= .seconds(timeoutSeconds) {
                throw ControlError(
                    code: .late,
                    socket: socket,
                    reason:
                        "no answer within \(timeoutSeconds) s; the daemon goes on: sluice status"
                )
            }
            throw ControlError(
                code: .brokenAnswer,
                socket: socket,
                reason: "the daemon at \(socket) did not answer wholly: \(error); it may have ended"
            )
        }
    }

    private func connect(isWhole: Bool = true) throws(ControlError) -> any Channel {
        do {
            return try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHTTPClientHandlers()
                        guard isWhole else { return }
                        try pipeline.addHandler(
                            NIOHTTPClientResponseAggregator(
                                maxContentLength: ControlLimits.answerBytesMax
                            )
                        )
                    }
                }
                .connect(unixDomainSocketPath: socket).wait()
        } catch let error as IOError where error.errnoCode == 13 || error.errnoCode == 1 {
            throw ControlError(
                code: .notPermitted,
                socket: socket,
                reason: "this user may not use \(socket); \(SocketOwner.remedy(for: socket))"
            )
        } catch {
            throw ControlError(
                code: .unreachable,
                socket: socket,
                reason: "no daemon listens on \(socket); start one with "
                    + "`sluice serve PATH --control \(socket)`, or name another with --control"
            )
        }
    }

    private func send(
        _ address: String,
        _ changes: Bool,
        _ body: [UInt8],
        on channel: any Channel
    ) {
        var headers = HTTPHeaders([("Host", "sluice"), ("Connection", "close")])
        if changes {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: changes ? .POST : .GET,
            uri: address,
            headers: headers
        )
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !body.isEmpty {
            let buffer = channel.allocator.buffer(bytes: body)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(buffer)), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

/// Keeps the promise of an answer, also when the connection ends without one.
private final class AnswerCollector: ChannelInboundHandler, Sendable {
    typealias InboundIn = NIOHTTPClientResponseFull

    private let answer: EventLoopPromise<NIOHTTPClientResponseFull>

    init(answer: EventLoopPromise<NIOHTTPClientResponseFull>) { self.answer = answer }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        answer.succeed(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        answer.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        answer.fail(error)
        context.close(promise: nil)
    }
}

/// Cuts an answer into lines as it comes.
private final class LineReader: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// Longest line; a daemon's are far shorter.
    private static let lineBytesMax = 16 << 20

    private let end: EventLoopPromise<HTTPResponseStatus>
    private let read: @Sendable (String) -> Bool
    private var rest: [UInt8] = []

    init(
        end: EventLoopPromise<HTTPResponseStatus>,
        read: @escaping @Sendable (String) -> Bool
    ) {
        self.end = end
        self.read = read
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            guard head.status != .ok else { return }
            finish(context, head.status)
        case .body(let bytes):
            rest += bytes.readableBytesView
            var lines = rest.split(separator: 10, omittingEmptySubsequences: false)
            rest = Array(lines.popLast() ?? [])
            if rest.count > Self.lineBytesMax { rest = [] }
            for line in lines where !read(String(decoding: line, as: UTF8.self)) {
                return finish(context, .ok)
            }
        case .end: finish(context, .ok)
        }
    }

    private func finish(_ context: ChannelHandlerContext, _ status: HTTPResponseStatus) {
        end.succeed(status)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end.fail(ChannelError.eof)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end.fail(error)
        context.close(promise: nil)
    }
}
