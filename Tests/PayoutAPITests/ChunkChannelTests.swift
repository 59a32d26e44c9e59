import NIOCore
import Testing

@testable import PayoutAPI

/// The passing of chunks from a download to one reader.
@Suite struct ChunkChannelTests {
    private struct Failure: Error {}

    private static let chunk = ByteBuffer(string: "a,b\n")

    @Test func errorIsThrownOnceByAReaderThatComesLater() async throws {
        let channel = ChunkChannel()
        channel.finish(Failure())
        await #expect(throws: Failure.self) { try await channel.next() }
        #expect(try await channel.next() == nil)
    }

    @Test func errorIsThrownOnceByAReaderThatWaits() async throws {
        let channel = ChunkChannel()
        try await withThrowingTaskGroup(of: ByteBuffer?.self) { group in
            // One reader waits: the second is sent away at once.
            for _ in 0..<2 { group.addTask { try await channel.next() } }
            let second = try await group.next()
            #expect(second == .some(nil))
            channel.finish(Failure())
            let first = await group.nextResult()
            #expect(throws: Failure.self) { try first?.get() }
        }
        #expect(try await channel.next() == nil)
    }

    @Test func downloadWaitsUntilItsChunkIsTaken() async throws {
        let channel = ChunkChannel()
        try await withThrowingTaskGroup(of: Void.self) { group in
            // One offer is pending: the second is refused at once.
            for _ in 0..<2 { group.addTask { try await channel.receive(Self.chunk) } }
            let second = await group.nextResult()
            #expect(throws: CancellationError.self) { try second?.get() }
            let taken = try await channel.next()
            #expect(taken == Self.chunk)
            try await group.next()
        }
        channel.finish(nil)
        #expect(try await channel.next() == nil)
    }

    @Test func channelRestartsOnlyBeforeItsReaderHasBytes() async throws {
        let channel = ChunkChannel()
        try channel.restart()
        async let sent: Void = channel.receive(Self.chunk)
        #expect(try await channel.next() == Self.chunk)
        try await sent
        #expect(throws: RestartRefused.self) { try channel.restart() }
    }
}
