import HTTPAccess
import KafkaClient
import NIOCore
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
            return FleetGroup(members: [], problem: "the members of the group: \(error.reasonMembersAreUnknown)")
        }
    }
}

extension KafkaError {
    /// Why a request for the members of a group failed, for people.
    var reasonMembersAreUnknown: String {
        switch code {
        case .unsupportedFeature: "this broker does not report them"
        case .notImplemented: message
        default: "the broker does not describe the group (\(code.name))"
        }
    }
}

/// The names under which the consoles of a group are found.
struct ConsoleNames {
    /// The port of members whose client id names none: the default of `HTTP_PORT`.
    static let defaultPort = 8_080

    /// The jobs topic.
    let topic: String
    /// The domain in which the workers' ids are host names. A static member that returns keeps the address of its predecessor
    /// in the broker's description; its name leads to the new one.
    var domain: String?

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
            address: port > 0 ? address(name, port: port) ?? Self.address(member.host, port: port) : nil,
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

    /// Whether a text is a domain's name.
    static func isDomain(_ text: String) -> Bool {
        text.utf8.count <= 200 && text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy(isLabel)
    }

    private static func isLabel(_ text: some StringProtocol) -> Bool {
        (1...63).contains(text.utf8.count) && !text.hasPrefix("-") && !text.hasSuffix("-")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// The worker's name in the domain, with the port; `nil` without a domain, and for a name that is no host's.
    private func address(_ name: String, port: Int) -> String? {
        guard let domain, Self.isLabel(name) else { return nil }
        return "\(name).\(domain):\(port)"
    }

    /// The address that the broker reports, `/10.0.0.3` or `10.0.0.3`, with the port; `nil` for anything but an IP address.
    private static func address(_ host: String, port: Int) -> String? {
        let host = host.hasPrefix("/") ? String(host.dropFirst()) : host
        guard let address = try? SocketAddress(ipAddress: host, port: port) else { return nil }
        return host.contains(":") ? "[\(address.ipAddress ?? host)]:\(port)" : "\(host):\(port)"
    }
}
