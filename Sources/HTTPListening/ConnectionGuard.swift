import NIOCore
import NIOHTTPTypes

/// Closes a connection that sends no whole request in time, or takes none of its answer.
final class ConnectionGuard: ChannelDuplexHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    private let limits: ConnectionLimits
    private let activity: ConnectionActivity
    private var check: Scheduled<Void>?
    /// Requests whose answer has not ended.
    private var requests = 0
    private var isReading = false
    /// Writes that the operating system has not taken yet.
    private var pendingWrites = 0
    /// When a write was last taken, or the first of those that are pending began.
    private var lastProgress = ContinuousClock.now

    init(_ limits: ConnectionLimits, _ activity: ConnectionActivity) {
        self.limits = limits
        self.activity = activity
    }

    func handlerAdded(context: ChannelHandlerContext) { scheduleCheck(context) }

    func handlerRemoved(context: ChannelHandlerContext) {
        check?.cancel()
        check = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            requests += 1
            isReading = true
        case .body: break
        case .end:
            isReading = false
            if requests > 0 { activity.idleSince = nil }
        }
        context.fireChannelRead(data)
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        if pendingWrites == 0 { lastProgress = .now }
        pendingWrites += 1
        if case .end = unwrapOutboundIn(data) {
            requests = max(0, requests - 1)
            if requests == 0 || isReading { activity.idleSince = .now }
        }
        let promise = promise ?? context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [self] _ in
            pendingWrites -= 1
            lastProgress = .now
        }
        context.write(data, promise: promise)
    }

    private func scheduleCheck(_ context: ChannelHandlerContext) {
        guard let interval = [limits.requestTimeout, limits.writeTimeout].compactMap({ $0 }).min() else { return }
        check = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(interval / 4)) { [self] in
            if isOverdue(at: .now) { context.close(promise: nil) } else { scheduleCheck(context) }
        }
    }

    private func isOverdue(at now: ContinuousClock.Instant) -> Bool {
        if let limit = limits.writeTimeout, pendingWrites > 0 { return now - lastProgress > limit }
        if let limit = limits.requestTimeout, let since = activity.idleSince { return now - since > limit }
        return false
    }
}
