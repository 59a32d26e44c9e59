import KafkaClient
import NIOCore
import Primitives
import WorkerConsole

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
            && text.utf8.allSatisfy { $0.isASCIIAlphanumeric || $0 == UInt8(ascii: "-") }
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
