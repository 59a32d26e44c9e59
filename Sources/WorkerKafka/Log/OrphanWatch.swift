import KafkaClient
import Logging
import WorkerRuntime

/// Finds partitions of the jobs topic that no member owns although the group is stable, and has the group assign them.
/// `KafkaLog` runs it.
///
/// A cooperative group moves a partition in two rebalances: the owner releases it in the first, and the second, which the
/// owner requests, assigns it to the next owner. A static member that is killed between the two gets its place back
/// without any rebalance, holds nothing that it could release, and requests none. The partition would stay without an
/// owner until something else changes the group, which may take days.
struct OrphanWatch: Sendable {
    let log: KafkaLog
    let parts: KafkaLog.Parts

    private static let interval: Duration = .seconds(5)
    /// A partition that is being moved looks the same for as long as its owner takes for the last commit.
    private static let patience = 3

    /// Watches until it is cancelled. A group of members that are not static has nothing to watch for.
    func run() async {
        guard log.configuration.memberConfiguration.properties["group.instance.id"] != nil else { return }
        // A client of its own, replaced after a failure: it asks every broker that it has ever known, also those that
        // have left the cluster.
        var groups: KafkaAdmin?
        var sightings: [Int32: Int] = [:]
        while await slept(for: Self.interval) {
            let orphans = await orphans(&groups)
            sightings = Dictionary(uniqueKeysWithValues: orphans.map { ($0, (sightings[$0] ?? 0) + 1) })
            let lasting = sightings.filter { $0.value >= Self.patience }.keys.sorted()
            guard !lasting.isEmpty, !Task.isCancelled else { continue }
            log.logger.warning(
                "Partitions have no owner in a stable group, joining it again to have them assigned",
                metadata: ["partitions": "\(lasting.map(String.init).joined(separator: ","))"]
            )
            sightings = [:]
            do {
                try await parts.consumer.rejoin([log.configuration.topics.jobs])
            } catch {
                log.logger.warning("Failed to join the group again, retrying", metadata: ["error.message": "\(error)"])
            }
        }
        await groups?.close()
    }

    /// Partitions without an owner, where it is for this member to do something about it.
    private func orphans(_ groups: inout KafkaAdmin?) async -> Set<Int32> {
        let topic = log.configuration.topics.jobs
        let owned = log.assignments.owned.count
        // Only a member with less than all partitions asks, so one that is alone never does.
        guard log.isGroupMember, let count = try? await parts.admin.topic(topic)?.partitions.count, owned < count
        else { return [] }
        if groups == nil { groups = try? KafkaAdmin(configuration: log.configuration.kafka, logger: log.logger) }
        guard let asked = groups else { return [] }
        guard let group = try? await asked.group(log.configuration.groupID) else {
            groups = nil
            await asked.close()
            return []
        }
        guard group.state == "Stable", !group.members.isEmpty else { return [] }
        let held = group.members.flatMap(\.partitions).filter { $0.topic == topic }.map(\.partition)
        return Self.orphans(of: count, held: Set(held), members: group.members.count, owned: owned)
    }

    /// - Parameters:
    ///   - count: Partitions of the topic.
    ///   - held: Those that have an owner.
    ///   - members: Members of the group.
    ///   - owned: Partitions of this member.
    /// - Returns: Those without an owner, if this member has less than a full share. While a partition has no owner, at
    ///   least one member has less: that one acts, and the others do not leave the group for nothing.
    static func orphans(of count: Int, held: Set<Int32>, members: Int, owned: Int) -> Set<Int32> {
        let share = (count + members - 1) / members
        guard owned < share else { return [] }
        return Set((0..<Int32(count))).subtracting(held)
    }
}
