import HTTPAccess
import KafkaClient
import WorkerConsole
import WorkerKafka

/// The members of the consumer group, as the broker describes them, and requests to their consoles.
///
/// Requests go only to the addresses from which members are connected to the broker, or to names in the domain that the
/// operator has configured, never to another name or address that a member chooses. A member chooses only its port, the number
/// behind the last `@` of its client id, else 8080, and its name in that domain. Every request asks for the member's own data,
/// so it is never passed on.
actor GroupDirectory: FleetDirectory {
    private let log: KafkaLog
    private let transport: HTTPTransport
    private let names: ConsoleNames
    private var known: (group: FleetGroup, until: ContinuousClock.Instant)?
    private var reading: Task<FleetGroup, Never>?

    /// How long a description is used. Only requests cause a new one.
    private static let freshness: Duration = .seconds(5)
    private static let timeout: Duration = .seconds(2)
    private static let longestAnswer = 8 << 20

    init(_ log: KafkaLog, _ names: ConsoleNames) {
        self.log = log
        self.names = names
        // Without the worker's proxy and certificate authorities: members are on the same network.
        var configuration = HTTPTransport.Configuration()
        configuration.connectTimeout = .seconds(1)
        configuration.allowsHTTP2 = false
        transport = HTTPTransport(configuration: configuration)
    }

    func group() async -> FleetGroup {
        if let known, known.until > .now { return known.group }
        if let reading { return await reading.value }
        let task = Task { await read() }
        reading = task
        let group = await task.value
        (reading, known) = (nil, (group, .now + Self.freshness))
        return group
    }

    nonisolated func get(_ path: String, from member: FleetMember) async -> FleetAnswer {
        guard let address = member.address else { return .unreachable(reason: "its console's port is unknown") }
        do {
            let answer = try await transport.document(
                at: "http://\(address)\(path)",
                timeout: Self.timeout,
                limit: Self.longestAnswer
            )
            return .response(status: answer.status, body: answer.body)
        } catch {
            return .unreachable(reason: "\(error)")
        }
    }

    private func read() async -> FleetGroup {
        do throws(KafkaError) {
            guard let (group, own) = try await log.group(timeout: .seconds(3)) else {
                return FleetGroup(members: [], problem: "the worker is not connected to Kafka")
            }
            return FleetGroup(members: group.members.map { names.member($0, own: own) })
        } catch {
            return FleetGroup(members: [], problem: error.reasonMembersAreUnknown)
        }
    }
}

extension KafkaError {
    /// Why the members of a group are unknown, as the end of a sentence about them.
    var reasonMembersAreUnknown: String {
        switch code {
        case .unsupportedFeature: "this broker does not report them"
        case .notImplemented: message
        default: "the broker does not describe the group (\(code.name))"
        }
    }
}
