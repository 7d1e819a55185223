internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix

/// Asks a daemon over its control socket; waits for the answer.
///
/// For command lines: it blocks its thread, so it is not called on an event loop or in a task that
/// others wait for.
package struct ControlClient: Sendable {
    /// Path of the socket.
    package let socket: String

    /// A client of the daemon that listens there.
    package init(socket: String) { self.socket = socket }

    /// Sends a request and returns the body of the answer.
    ///
    /// - Parameters:
    ///   - endpoint: What is asked.
    ///   - body: JSON for the endpoints that take some.
    ///   - timeoutSeconds: Longest wait for the answer.
    /// - Returns: The answer's body, which is JSON.
    /// - Throws: ``ControlError`` when nobody answers or the daemon refuses.
    package func ask(
        _ endpoint: ControlEndpoint,
        body: [UInt8] = [],
        timeoutSeconds: Int64 = 3600
    ) throws(ControlError) -> [UInt8] {
        let answer = try exchange(endpoint, body, timeoutSeconds)
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

    private func exchange(
        _ endpoint: ControlEndpoint,
        _ body: [UInt8],
        _ timeoutSeconds: Int64
    ) throws(ControlError) -> NIOHTTPClientResponseFull {
        let channel = try connect()
        do {
            let answer = channel.eventLoop.makePromise(of: NIOHTTPClientResponseFull.self)
            let collector = AnswerCollector(answer: answer)
            try channel.pipeline.addHandler(collector).wait()
            let timer = channel.eventLoop.scheduleTask(in: .seconds(timeoutSeconds)) {
                channel.close(promise: nil)
            }
            send(endpoint, body, on: channel)
            defer {
                timer.cancel()
                channel.close(promise: nil)
            }
            return try answer.futureResult.wait()
        } catch {
            throw ControlError(
                code: .brokenAnswer,
                socket: socket,
                reason: "the daemon at \(socket) did not answer wholly: \(error); it may have ended"
            )
        }
    }

    private func connect() throws(ControlError) -> any Channel {
        do {
            return try ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let pipeline = channel.pipeline.syncOperations
                        try pipeline.addHTTPClientHandlers()
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
                reason: "this user may not use \(socket); ask as its owner or as root"
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

    private func send(_ endpoint: ControlEndpoint, _ body: [UInt8], on channel: any Channel) {
        var headers = HTTPHeaders([("Host", "sluice"), ("Connection", "close")])
        if endpoint.changes {
            headers.add(name: "Content-Type", value: "application/json")
            headers.add(name: "Content-Length", value: String(body.count))
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: endpoint.changes ? .POST : .GET,
            uri: endpoint.rawValue,
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
