import NIOCore
import NIOPosix
import NIOSSL

// Opens connections: TCP to the first address of the host that answers, TLS, and the handlers of HTTP.

extension HostConnections {
    /// Opens a connection.
    ///
    /// - Returns: The channel of a ``CallConnection`` that can write requests; fails within the connect time-out otherwise.
    func connect() -> EventLoopFuture<any Channel> {
        guard target.isEncrypted else { return connect(nil) }
        return context().assumeIsolated().flatMap { self.connect($0) }.nonisolated()
    }

    private func connect(_ tls: NIOSSLContext?) -> EventLoopFuture<any Channel> {
        let limit = NIODeadline.now() + settings.connectTimeout
        let owner = NIOLoopBound(self, eventLoop: eventLoop)
        let bootstrap = ClientBootstrap(group: eventLoop)
            .connectTimeout(settings.connectTimeout)
            // Each address of a host has a channel of its own, of which the first that connects is used.
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try owner.value.addHandlers(to: channel, tls, until: limit) }
            }
        let channel =
            target.address.map { bootstrap.connect(to: $0) } ?? bootstrap.connect(host: target.host, port: target.port)
        return channel.assumeIsolated().flatMap { channel in
            let ready = CallConnection.of(channel)?.ready
            return ready?.map { channel } ?? channel.eventLoop.makeFailedFuture(TransportFault.connectionClosed)
        }.nonisolated()
    }

    private func addHandlers(to channel: any Channel, _ tls: NIOSSLContext?, until limit: NIODeadline) throws {
        guard !isShutDown else { throw TransportFault.shutDown }
        let connection = CallConnection(owner: self, isEncrypted: tls != nil, handshakeLimit: limit)
        let pipeline = channel.pipeline.syncOperations
        if let tls {
            // A server that is named by its address is verified by that, and is sent no name.
            let name = target.address == nil ? target.host : nil
            try pipeline.addHandler(NIOSSLClientHandler(context: tls, serverHostname: name))
        }
        try pipeline.addHandler(connection)
    }

    /// The TLS context. It is made on another thread, because it reads the system's certificates.
    private func context() -> EventLoopFuture<NIOSSLContext> {
        if let tls { return tls }
        let roots = settings.additionalRoots
        let context = NIOThreadPool.singleton.runIfActive(eventLoop: eventLoop) {
            var configuration = TLSConfiguration.outgoing(trusting: roots)
            configuration.applicationProtocols = ["http/1.1"]
            return try NIOSSLContext(configuration: configuration)
        }
        tls = context
        // The next connection tries again.
        context.assumeIsolated().whenFailure { _ in self.tls = nil }
        return context
    }
}
