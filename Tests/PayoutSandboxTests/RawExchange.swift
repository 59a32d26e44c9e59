import NIOCore
import NIOPosix
import PayoutSandbox

/// Sends bytes as they are, which no well-behaved client would, and returns what comes back until the server closes.
func rawExchange(_ address: PayoutSandbox.Address, _ text: String) async throws -> String {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        .connect(host: address.host, port: address.port) { channel in
            channel.eventLoop.makeCompletedFuture {
                try NIOAsyncChannel<ByteBuffer, ByteBuffer>(wrappingChannelSynchronously: channel)
            }
        }
    return try await channel.executeThenClose { inbound, outbound in
        try await outbound.write(ByteBuffer(string: text))
        var received = ByteBuffer()
        for try await part in inbound { received.writeImmutableBuffer(part) }
        return String(buffer: received)
    }
}
