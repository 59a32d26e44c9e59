import HTTPAccess
import KafkaClient
import NIOCore
import WorkerConsole
import WorkerKafka

/// The members of the consumer group, as the broker describes them, and requests to their consoles.
///
/// Requests go only to the addresses from which members are connected to the broker, never to a name or an address that a
/// member chooses. A member chooses only its port: it is the number behind the last `@` of its client id, else 8080. Every
/// request asks for the member's own data, so it is never passed on.
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

    init(_ log: KafkaLog, jobs topic: String) {
        self.log = log
        names = ConsoleNames(topic: topic)
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
            let isUnsupported = error.code == .unsupportedFeature
            return FleetGroup(
                members: [],
                problem: isUnsupported
                    ? "this broker does not report the members of the group"
                    : "the broker does not describe the group (\(error.code.name))"
            )
        }
    }
}

/// The names under which the consoles of a group are found.
struct ConsoleNames {
    /// The port of members whose client id names none: the default of `HTTP_PORT`.
    static let defaultPort = 8_080

    /// The jobs topic.
    let topic: String

    /// The client id of a worker whose console listens on this port.
    static func clientID(_ workerID: String, port: Int) -> String {
        // What follows an `@` of the worker's own name is no port.
        port == defaultPort && !workerID.contains("@") ? workerID : "\(workerID)@\(port)"
    }

    /// A worker's name without its port, for people.
    static func name(_ clientID: String) -> String { parts(clientID).name }

    /// A member of the group.
    ///
    /// - Parameter own: the member id of this process.
    func member(_ member: KafkaGroupDescription.Member, own: String) -> FleetMember {
        let (name, port) = Self.parts(member.clientID)
        return FleetMember(
            name: name,
            address: port > 0 ? Self.address(member.host, port: port) : nil,
            partitions: member.partitions.filter { $0.topic == topic }.map(\.partition),
            isThisWorker: member.memberID == own
        )
    }

    private static func parts(_ clientID: String) -> (name: String, port: Int) {
        guard let at = clientID.lastIndex(of: "@"), at > clientID.startIndex,
            let port = UInt16(clientID[clientID.index(after: at)...])
        else { return (clientID, defaultPort) }
        return (String(clientID[..<at]), Int(port))
    }

    /// The address that the broker reports, `/10.0.0.3` or `10.0.0.3`, with the port; `nil` for anything but an IP address.
    private static func address(_ host: String, port: Int) -> String? {
        let host = host.hasPrefix("/") ? String(host.dropFirst()) : host
        guard let address = try? SocketAddress(ipAddress: host, port: port) else { return nil }
        return host.contains(":") ? "[\(address.ipAddress ?? host)]:\(port)" : "\(host):\(port)"
    }
}
