/// The consumer group as another part of the process knows it, and how its members' consoles are asked.
package protocol FleetDirectory: Sendable {
    /// The members, as last described by the broker; at most some seconds old.
    func group() async -> FleetGroup
    /// Sends one `GET` request to a member's console. The time and the size of the answer are bounded, and redirects are not
    /// followed.
    ///
    /// - Parameter path: the path with its query.
    func get(_ path: String, from member: FleetMember) async -> FleetAnswer
}

/// The members of the consumer group.
package struct FleetGroup: Sendable {
    /// In a stable order.
    package var members: [FleetMember]
    /// Why the members are unknown; `nil` while they are known.
    package var problem: String?

    /// Creates a description.
    package init(members: [FleetMember], problem: String? = nil) {
        self.members = members
        self.problem = problem
    }
}

/// One member of the consumer group.
package struct FleetMember: Sendable, Hashable {
    /// Its name, as it has given it to the brokers.
    package var name: String
    /// Address and port of its console; `nil` where they are unknown.
    package var address: String?
    /// The partitions of the jobs topic that it is assigned.
    package var partitions: [Int32]
    /// Whether it is this process.
    package var isThisWorker: Bool

    /// Creates a member.
    package init(name: String, address: String?, partitions: [Int32], isThisWorker: Bool) {
        self.name = name
        self.address = address
        self.partitions = partitions
        self.isThisWorker = isThisWorker
    }
}

/// What a member's console answered.
package enum FleetAnswer: Sendable {
    /// A response with its status and its body.
    case response(status: Int, body: [UInt8])
    /// There was none, and why.
    case unreachable(reason: String)
}
