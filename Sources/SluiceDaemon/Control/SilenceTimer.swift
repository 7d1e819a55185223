internal import ControlAPI
internal import NIOCore
internal import NIOHTTP1

/// Closes a connection that is silent in the middle of a request.
///
/// ```
/// waiting --last byte of the request--> answering --end of the answer--> waiting
///    \--silence--> closed
/// ```
/// While the daemon works on an answer the client may be silent as long as it likes.
final class SilenceTimer: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    private var timer: Scheduled<Void>?

    func handlerAdded(context: ChannelHandlerContext) { start(context) }

    func channelInactive(context: ChannelHandlerContext) {
        timer?.cancel()
        context.fireChannelInactive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        timer?.cancel()
        switch unwrapInboundIn(data) {
        case .head, .body: start(context)
        case .end: break
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if case .end = unwrapOutboundIn(data) { start(context) }
        context.write(data, promise: promise)
    }

    private func start(_ context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(
            in: .seconds(Int64(ControlLimits.silenceSecondsMax))
        ) { context.close(promise: nil) }
    }
}
