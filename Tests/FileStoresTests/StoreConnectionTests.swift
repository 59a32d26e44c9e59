import HTTPAccess
import NIOHTTP1
import Primitives
import StoreStandIns
import Testing

@testable import FileStores

/// The time-outs of requests to object stores.
@Suite("Connections of stores")
struct StoreConnectionTests {
    @Test func answerThatComesByteByByteEndsAtTheTimeOut() async throws {
        let server = try await StandInServer { _ in
            var reply = StandInReply(200)
            reply.trickles = true
            return reply
        }
        let connections = HTTPTransport.forStore()
        let fault = await #expect(throws: TransportFault.self) {
            try await connections.send(OutgoingRequest(raw: .GET, url: server.url, timeout: .milliseconds(300)))
        }
        #expect(fault?.failure == .timeout)
        await connections.close()
        await server.stop()
    }

    @Test func timeOutIsRepeatedOnce() async throws {
        let wire = ScriptedWire { _, _ in
            throw TransportFault(.timeout, "no complete answer within the request time-out")
        }
        var configuration = AzureBlobConfiguration()
        configuration.sasToken = Secret("sv=2021&sig=x")
        let store = try AzureBlobFileStore("azblob://finance/exports", configuration, wire.wire, TestClock().clock)
        let error = await #expect(throws: FileStoreError.self) { try await store.check() }
        #expect(error?.kind == .unavailable)
        #expect(error?.description.contains("no complete answer within the request time-out") == true)
        #expect(wire.requests.count == 2)
    }
}
