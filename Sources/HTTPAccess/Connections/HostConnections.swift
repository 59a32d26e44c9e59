import NIOCore
import NIOSSL

/// The connections to one server. It runs on one event loop, with its connections: no step of a call changes the thread.
///
/// It performs the steps of a ``ConnectionPool``, and has one timer for all deadlines.
final class HostConnections: CallConnectionOwner {
    let target: CallTarget
    let settings: CallConnections.Settings
    let eventLoop: any EventLoop
    /// The TLS context, made for the first connection.
    var tls: EventLoopFuture<NIOSSLContext>?
    private(set) var isShutDown = false
    private var pool: ConnectionPool<PendingCall, CallConnection>
    /// Every connection that is not closed, those that are opening included.
    private var open: [CallConnection] = []
    /// Calls for which a fresh connection is opening.
    private var resending: [PendingCall] = []
    private var timer: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(_ target: CallTarget, _ settings: CallConnections.Settings, _ eventLoop: any EventLoop) {
        self.target = target
        self.settings = settings
        self.eventLoop = eventLoop
        pool = ConnectionPool(limit: settings.maximumConnections)
    }

    // MARK: - Calls

    /// Sends a call, or queues it until a connection is free.
    func submit(_ call: PendingCall) {
        guard !call.isFinished else { return }
        let now = NIODeadline.now()
        let limit = now + settings.connectTimeout
        perform(pool.submit(call, limit: limit, deadline: call.deadline, now: now))
        wake(at: min(limit, call.deadline))
    }

    /// Ends a call whose caller no longer waits. A connection that carries it is closed: its answer would still come.
    func cancel(_ call: PendingCall) {
        call.fail(CancellationError())
        pool.remove(call)
        open.first { $0.call === call }?.close(.connectionClosed)
    }

    private func perform(_ steps: [ConnectionPool<PendingCall, CallConnection>.Step]) {
        for step in steps {
            switch step {
            case .start(let call, let connection): connection.start(call)
            case .open(let call): open(for: call)
            case .fail(let call, let fault): call.fail(fault)
            case .close(let connection): connection.retire()
            }
        }
    }

    // MARK: - Connections

    func added(_ connection: CallConnection) { open.append(connection) }

    func removed(_ connection: CallConnection) {
        if let index = open.firstIndex(where: { $0 === connection }) { open.remove(at: index) }
    }

    func released(_ connection: CallConnection, _ keepAlive: KeepAlive) {
        let expiry = NIODeadline.now() + min(settings.idleTimeout, keepAlive.limit ?? settings.idleTimeout)
        perform(pool.released(connection, expiry: expiry))
        wake(at: expiry)
    }

    func lost(_ connection: CallConnection, resending call: PendingCall?) {
        perform(pool.lost(connection, resending: call))
    }

    /// Opens a connection.
    ///
    /// - Parameter call: The call to send over it; nil for whichever is next.
    private func open(for call: PendingCall?) {
        if let call { resending.append(call) }
        // Not at once: a failed attempt starts the next one, and each would run inside the one before where they fail at once.
        eventLoop.assumeIsolated().execute {
            self.connect().assumeIsolated().whenComplete { self.finishOpening($0, for: call) }
        }
    }

    private func finishOpening(_ result: Result<any Channel, any Error>, for call: PendingCall?) {
        if let call { resending.removeAll { $0 === call } }
        let now = NIODeadline.now()
        do {
            guard let connection = CallConnection.of(try result.get()), connection.join() else {
                throw TransportFault.connectionClosed
            }
            // Its caller may have given up meanwhile. The connection is for the next call then.
            let present = call.flatMap { $0.isFinished ? nil : $0 }
            let expiry = now + settings.idleTimeout
            perform(pool.opened(connection, for: present, isReserved: call != nil, expiry: expiry))
            wake(at: expiry)
        } catch {
            // Errors after the connection was made, such as those of TLS, are faults already.
            let fault = TransportFault(connecting: error)
            call?.fail(fault)
            perform(pool.failedToOpen(fault, isReserved: call != nil, now: now))
        }
    }

    // MARK: - Time

    /// Makes sure that deadlines are checked at a time. Most calls have a later deadline than one in progress, and cost nothing
    /// here.
    private func wake(at deadline: NIODeadline) {
        if let timer {
            guard deadline < timer.deadline else { return }
            timer.task.cancel()
        }
        let task = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.checkDeadlines() }
        timer = (deadline, task)
    }

    private func checkDeadlines() {
        timer = nil
        let now = NIODeadline.now()
        for connection in open where connection.call.map({ $0.deadline <= now }) == true {
            connection.close(.deadlineExceeded)
        }
        for call in resending where call.deadline <= now { call.fail(TransportFault.deadlineExceeded) }
        perform(pool.sweep(now: now))
        let calls = open.compactMap { $0.call?.deadline } + resending.map(\.deadline).filter { $0 > now }
        if let next = (calls + [pool.nextSweep(now: now)].compactMap { $0 }).min() { wake(at: next) }
    }

    // MARK: - Shutdown

    /// Closes every connection; calls fail.
    ///
    /// - Returns: Succeeds when all are closed.
    func shutDown() -> EventLoopFuture<Void> {
        isShutDown = true
        timer?.task.cancel()
        timer = nil
        for call in resending { call.fail(TransportFault.shutDown) }
        perform(pool.shutDown())
        let closed = open.compactMap { $0.channel?.closeFuture }
        for connection in open { connection.close(.shutDown) }
        return EventLoopFuture.andAllComplete(closed, on: eventLoop)
    }
}
