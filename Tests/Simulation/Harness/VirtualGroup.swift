/// The consumer group: members, generations, and cooperative assignment. A partition that moves is
/// revoked, released, and only then given to its next owner, unless its owner has expired.
final class VirtualGroup {
    /// A member of the group.
    final class Member {
        let id: Int
        var owned: [Int] = []
        var revoking: [Int] = []
        /// Delivers a callback to the member.
        let deliver: (Callback) -> Void

        init(id: Int, deliver: @escaping (Callback) -> Void) {
            self.id = id
            self.deliver = deliver
        }
    }

    /// What a member receives after each rebalance.
    struct Callback {
        var generation: Int
        var assigned: [Int]
        var revoked: [Int]
    }

    private(set) var generation = 0
    private(set) var members: [Member] = []
    private(set) var owners: [Int?]
    private var lastMember = 0
    private var isRebalancePending = false
    /// Schedules a rebalance.
    var schedule: (@escaping () -> Void) -> Void = { _ in }

    init(partitions: Int) { owners = Array(repeating: nil, count: partitions) }

    func join(_ deliver: @escaping (Callback) -> Void) -> Member {
        lastMember += 1
        let member = Member(id: lastMember, deliver: deliver)
        members.append(member)
        requestRebalance()
        return member
    }

    /// The member left, or its session timed out.
    func remove(_ member: Member) {
        guard members.contains(where: { $0 === member }) else { return }
        members.removeAll { $0 === member }
        for partition in owners.indices where owners[partition] == member.id { owners[partition] = nil }
        requestRebalance()
    }

    func released(_ partition: Int, by member: Member) {
        guard owners[partition] == member.id else { return }
        owners[partition] = nil
        member.owned.removeAll { $0 == partition }
        member.revoking.removeAll { $0 == partition }
        requestRebalance()
    }

    func isMember(_ id: Int) -> Bool { members.contains { $0.id == id } }

    /// Whether an offset commit with this metadata is accepted. As in Kafka, the owner of the partition is not checked.
    func accepts(member: Int, generation: Int) -> Bool { generation == self.generation && isMember(member) }

    private func requestRebalance() {
        guard !isRebalancePending else { return }
        isRebalancePending = true
        schedule { [self] in
            isRebalancePending = false
            rebalance()
        }
    }

    private func rebalance() {
        generation += 1
        guard !members.isEmpty else { return }
        var assigned = members.map { _ in [Int]() }
        var revoked = members.map { _ in [Int]() }
        let quotas = self.quotas()
        for (index, member) in members.enumerated() {
            while member.owned.count - member.revoking.count > quotas[index],
                let partition = member.owned.last(where: { !member.revoking.contains($0) })
            {
                member.revoking.append(partition)
                revoked[index].append(partition)
            }
        }
        for partition in owners.indices where owners[partition] == nil {
            guard
                let index = members.indices.first(where: {
                    members[$0].owned.count - members[$0].revoking.count < quotas[$0]
                })
            else { continue }
            owners[partition] = members[index].id
            members[index].owned.append(partition)
            assigned[index].append(partition)
        }
        for (index, member) in members.enumerated() {
            member.deliver(Callback(generation: generation, assigned: assigned[index], revoked: revoked[index]))
        }
    }

    /// Partitions per member. Members that own more partitions get the remainder.
    private func quotas() -> [Int] {
        var result = members.map { _ in owners.count / members.count }
        let byCount = members.indices.sorted {
            let (left, right) = (members[$0].owned.count, members[$1].owned.count)
            return left != right ? left > right : $0 < $1
        }
        for index in byCount.prefix(owners.count % members.count) { result[index] += 1 }
        return result
    }
}
