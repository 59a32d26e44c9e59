import NIOCore
import NIOPosix
import PayoutSandbox

/// Sends arbitrary bytes, which an HTTP client would not, and returns the response up to the server's close.
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
