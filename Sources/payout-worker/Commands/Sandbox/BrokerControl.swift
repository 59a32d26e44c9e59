import EmbeddedKafka
import Foundation
import PayoutSandbox
import WorkerRuntime

/// `/_sandbox/broker`: fault injection at the embedded broker, for tests in other processes.
struct BrokerControl: Sendable {
    /// What ends a fault, and the delay until then.
    private struct Recovery: Sendable {
        var delay: Duration
        var body: @Sendable (EmbeddedKafka) throws -> Void
    }

    private let kafka: EmbeddedKafka
    private let recoveries: AsyncStream<Recovery>
    private let scheduled: AsyncStream<Recovery>.Continuation

    init(_ kafka: EmbeddedKafka) {
        self.kafka = kafka
        (recoveries, scheduled) = AsyncStream.makeStream()
    }

    /// Ends faults of limited duration, until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            for await recovery in recoveries {
                group.addTask {
                    guard await slept(for: recovery.delay) else { return }
                    // If the cluster has been closed meanwhile, there is nothing to restore.
                    try? recovery.body(kafka)
                }
            }
        }
    }

    private static let path = "/_sandbox/broker"

    func reply(to request: PayoutSandbox.ControlRequest) -> PayoutSandbox.ControlReply? {
        guard request.path == Self.path else { return nil }
        do {
            switch request.method {
            case "GET": return try describe()
            case "POST":
                for fault in try JSONDecoder().decode([BrokerFault].self, from: Data(request.body)) {
                    try inject(fault)
                }
                return PayoutSandbox.ControlReply(json: Array("{}".utf8))
            default: return Self.refusal(405, "\(Self.path) supports only GET and POST.")
            }
        } catch let error as DecodingError {
            return Self.refusal(400, "The body is not a list of faults: \(error.reason)")
        } catch {
            return Self.refusal(500, "\(error)")
        }
    }

    private func describe() throws -> PayoutSandbox.ControlReply {
        struct Description: Encodable {
            var bootstrapServers: String
            var brokers: Int
            var requests: [String]
            var errors: [String]
        }
        let description = Description(
            bootstrapServers: kafka.bootstrapServers,
            brokers: kafka.brokerCount,
            requests: BrokerFault.requests.keys.sorted(),
            errors: BrokerFault.errors.keys.sorted()
        )
        return PayoutSandbox.ControlReply(json: Array(try JSONEncoder().encode(description)))
    }

    private func inject(_ fault: BrokerFault) throws {
        switch fault {
        case .errors(let requests, let errors): for api in requests { try kafka.pushErrors(api, errors) }
        case .down(let broker, let lasting):
            try kafka.takeDown(broker: broker)
            after(lasting) { try $0.bringUp(broker: broker) }
        case .up(let broker): try kafka.bringUp(broker: broker)
        case .slow(let broker, let delay, let lasting):
            try kafka.setRoundTripTime(delay, broker: broker)
            after(lasting) { try $0.setRoundTripTime(.zero, broker: broker) }
        case .leader(let topic, let partition, let broker):
            try kafka.setLeader(topic: topic, partition: partition, broker: broker)
        case .calm:
            for api in EmbeddedKafka.API.allCases { try kafka.clearErrors(api) }
            try kafka.setRoundTripTime(.zero)
            try kafka.bringUp()
        }
    }

    private func after(_ time: Duration?, _ body: @escaping @Sendable (EmbeddedKafka) throws -> Void) {
        if let time { scheduled.yield(Recovery(delay: time, body: body)) }
    }

    private static func refusal(_ status: Int, _ message: String) -> PayoutSandbox.ControlReply {
        let document = ["error": ["code": "invalidRequest", "message": message]]
        let json = (try? JSONEncoder().encode(document)) ?? Data("{}".utf8)
        return PayoutSandbox.ControlReply(status: status, json: Array(json))
    }
}
