import EmbeddedKafka
import Foundation
import PayoutSandbox
import Testing
import TestSupport

@testable import payout_worker

@Suite struct BrokerControlTests {
    private func post(_ control: BrokerControl, _ body: String) throws -> PayoutSandbox.ControlReply {
        let request = PayoutSandbox.ControlRequest(method: "POST", path: "/_sandbox/broker", body: Array(body.utf8))
        return try #require(control.reply(to: request))
    }

    @Test func faultsOfEveryKindAreInjected() throws {
        let kafka = try EmbeddedKafka(brokers: 2)
        defer { kafka.close() }
        try kafka.createTopic("jobs", partitions: 1, replicationFactor: 2)
        let control = BrokerControl(kafka)
        let reply = try post(
            control,
            """
            [{"kind": "errors", "requests": ["produce", "endTransaction"], "errors": ["notCoordinator", "none"]},
             {"kind": "down", "broker": 1}, {"kind": "up", "broker": 1}, {"kind": "slow", "milliseconds": 20},
             {"kind": "leader", "topic": "jobs", "partition": 0, "broker": 2}, {"kind": "calm"}]
            """
        )
        #expect(reply.status == 200, "\(String(decoding: reply.json, as: UTF8.self))")
    }

    @Test func brokerIsDownForTheRequestedTimeAndUpAgain() async throws {
        let kafka = try EmbeddedKafka()
        defer { kafka.close() }
        let control = BrokerControl(kafka)
        let running = Task { await control.run() }
        defer { running.cancel() }
        #expect(try isServing(kafka))
        #expect(try post(control, #"[{"kind": "down"}]"#).status == 200)
        try await eventually { try !isServing(kafka) }
        #expect(try post(control, #"[{"kind": "up"}]"#).status == 200)
        try await eventually { try isServing(kafka) }
        #expect(try post(control, #"[{"kind": "down", "seconds": 0.05}]"#).status == 200)
        try await eventually { try isServing(kafka) }
    }

    @Test(arguments: [
        ("[", "not a list of faults"), (#"[{"kind": "earthquake"}]"#, "earthquake"),
        (#"[{"kind": "errors", "requests": ["frobnicate"], "errors": ["none"]}]"#, "frobnicate"),
        (#"[{"kind": "errors", "requests": ["produce"], "errors": ["bad"]}]"#, "bad"),
    ])
    func invalidFaultIsRefusedByName(body: String, named: String) throws {
        let kafka = try EmbeddedKafka()
        defer { kafka.close() }
        let reply = try post(BrokerControl(kafka), body)
        #expect(reply.status == 400)
        #expect(String(decoding: reply.json, as: UTF8.self).contains(named))
    }

    @Test func getListsRequestsAndErrorsAndOtherPathsAreIgnored() throws {
        let kafka = try EmbeddedKafka()
        defer { kafka.close() }
        let control = BrokerControl(kafka)
        let asked = PayoutSandbox.ControlRequest(method: "GET", path: "/_sandbox/broker")
        let text = String(decoding: try #require(control.reply(to: asked)).json, as: UTF8.self)
        #expect(text.contains("addPartitionsToTransaction") && text.contains("disconnect"))
        #expect(control.reply(to: .init(method: "GET", path: "/_sandbox/stats")) == nil)
        #expect(control.reply(to: .init(method: "DELETE", path: "/_sandbox/broker"))?.status == 405)
    }

    /// Whether the broker keeps a connection open. A broker that is down closes it at once.
    private func isServing(_ kafka: EmbeddedKafka) throws -> Bool {
        let parts = kafka.bootstrapServers.split(separator: ":")
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(try #require(UInt16(parts[1]))).bigEndian
        address.sin_addr.s_addr = inet_addr(String(parts[0]))
        let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { return false }
        var waiting = pollfd(fd: socket, events: Int16(POLLIN), revents: 0)
        return poll(&waiting, 1, 200) == 0
    }
}
