import Foundation
import HTTPAccess
import HTTPStandIns
import NIOCore
import NIOPosix
import Synchronization
import Testing
import TestSupport

@testable import PayoutAPI

/// Downloads are read at their consumer's pace: back-pressure reaches the server.
@Suite struct BlobFlowTests {
    /// A server that writes as fast as the socket accepts bytes, and counts them.
    private final class Flood: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        static let piece = ByteBuffer(repeating: 0x61, count: 64 * 1024)
        static let total = 64 * 1024 * 1024

        private let written: Mutex<Int>
        private let hasBegun = Mutex(false)

        init() { self.written = Mutex(0) }

        var count: Int { self.written.withLock { $0 } }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let isFirst = self.hasBegun.withLock { begun in
                defer { begun = true }
                return !begun
            }
            guard isFirst else { return }
            let head = "HTTP/1.1 200 OK\r\ncontent-length: \(Self.total)\r\netag: \"v\"\r\n\r\n"
            context.writeAndFlush(NIOAny(ByteBuffer(string: head)), promise: nil)
            self.writeMore(context)
        }

        private func writeMore(_ context: ChannelHandlerContext) {
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            context.writeAndFlush(NIOAny(Self.piece)).whenSuccess {
                let count = self.written.withLock {
                    $0 += Self.piece.readableBytes
                    return $0
                }
                if count < Self.total { self.writeMore(bound.value) }
            }
        }
    }

    /// A consumer that blocks in its first chunk until the test releases it.
    private final class SlowConsumer: BlobConsumer {
        let received = Mutex(0)
        private let released: AsyncStream<Void>
        let release: AsyncStream<Void>.Continuation

        init() { (self.released, self.release) = AsyncStream<Void>.makeStream() }

        func receive(_ chunk: ByteBuffer) async throws {
            let isFirst = self.received.withLock { count in
                defer { count += chunk.readableBytes }
                return count == 0
            }
            if isFirst { for await _ in self.released {} }
            try Task.checkCancellation()
        }

        func restart() async throws {}
    }

    @Test func slowConsumerSlowsTheServerDown() async throws {
        let flood = Flood()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { $0.pipeline.addHandler(flood) }
            .bind(host: "127.0.0.1", port: 0).get()
        let transport = HTTPTransport()
        let result = await Task { try await self.download(from: channel, flood: flood, over: transport) }.result
        try await transport.shutdown()
        try await channel.close()
        try result.get()
    }

    private func download(from channel: any Channel, flood: Flood, over transport: HTTPTransport) async throws {
        // The consumer takes longer than the stall time-out, which applies to the network alone.
        let clock = ManualClock()
        let downloader = try BlobDownloaderTests.downloader(transport, stall: .seconds(60), attempts: 1, clock: clock)
        let consumer = SlowConsumer()
        let url = SASURL("http://127.0.0.1:\(channel.localAddress?.port ?? 0)/f")
        let task = Task { try await downloader.download(url, to: consumer) }
        try await eventually { consumer.received.withLock { $0 } > 0 }
        // Back-pressure has reached the server once it writes nothing for a while.
        var last = -1
        var quietSince = ContinuousClock.now
        try await eventually {
            let count = flood.count
            if count != last { (last, quietSince) = (count, ContinuousClock.now) }
            clock.advance(by: .seconds(600))
            return ContinuousClock.now - quietSince > .milliseconds(500)
        }
        // The bytes in flight are in socket buffers, which hold a few MiB at most.
        #expect(flood.count < 32 * 1024 * 1024)
        consumer.release.finish()
        let blob = try await task.value
        #expect(blob.size == Int64(Flood.total))
    }
}
