import ExportCore
import ExportRecords
import KafkaClient
import Primitives
import WorkerKafka
import WorkerRuntime

/// The status of the fleet.
struct FleetStatus: Encodable {
    struct Member: Encodable {
        var clientId: String
        var host: String
        var partitions: [Int32]
    }

    struct Partition: Encodable {
        var partition: Int32
        var owner: String?
        var committed: Int64?
        var end: Int64
        var lag: Int64
        var jobs: [String: Int]
    }

    struct Group: Encodable {
        var account: String
        var kind: String
        var jobs: Int
    }

    struct Job: Encodable {
        var jobId: String
        var partition: Int32
        var phase: String
        var since: String
        var attempt: Int
        var requestId: String?
    }

    var group: String
    var groupState: String
    var members: [Member]
    var partitions: [Partition]
    /// Jobs by phase, and finished ones also by status as `finished.completed`.
    var jobs: [String: Int]
    /// Jobs that have not ended, by account and kind.
    var openJobs: [Group]
    /// The pauses in effect.
    var pauses: [Pause]
    /// Seconds since the acceptance of the oldest job that has not ended.
    var oldestAgeSeconds: Double?
    /// Records of the jobs topic that no worker has read yet.
    var lag: Int64
    /// The open jobs that were accepted first.
    var oldest: [Job]
    /// State records that this version cannot read.
    var unreadable: Int
    /// The refresh tokens of the accounts whose files are on this machine.
    var refreshTokens: [RefreshTokenAge] = []
    /// What could not be determined.
    var notes: [String]

    private static let unknown = "unknown"

    static func read(_ access: KafkaAccess) async throws -> FleetStatus {
        try await access.withAdmin { admin in
            var notes: [String] = []
            let topic = try await access.topic(access.topics.jobs, admin)
            var group: KafkaGroupDescription?
            do throws(KafkaError) {
                group = try await admin.group(access.log.groupID, timeout: .seconds(10))
            } catch {
                notes.append("the group's members: \(error.reasonMembersAreUnknown)")
            }
            var committed: [KafkaTopicPartition: Int64] = [:]
            do throws(KafkaError) {
                committed = try await admin.committedOffsets(
                    group: access.log.groupID,
                    partitions: topic.partitions.map { KafkaTopicPartition(topic: topic.name, partition: $0.id) },
                    timeout: .seconds(5)
                )
            } catch {
                notes.append("the group's offsets (\(error.code.name))")
            }
            var ends: [Int32: KafkaWatermarks] = [:]
            for partition in topic.partitions {
                ends[partition.id] = try await admin.watermarks(.init(topic: topic.name, partition: partition.id))
            }
            var tally = StateTally()
            try await access.scan(access.topics.state) { record in
                tally.apply(record)
                return .continue
            }
            return make(access, group, committed, ends, tally, notes)
        }
    }

    private static func make(
        _ access: KafkaAccess,
        _ group: KafkaGroupDescription?,
        _ committed: [KafkaTopicPartition: Int64],
        _ ends: [Int32: KafkaWatermarks],
        _ tally: StateTally,
        _ notes: [String]
    ) -> FleetStatus {
        let topic = access.topics.jobs
        let members = (group?.members ?? []).map { member in
            Member(
                clientId: member.clientID,
                host: member.host,
                partitions: member.partitions.filter { $0.topic == topic }.map(\.partition)
            )
        }
        let phases = tally.phases
        let partitions = ends.sorted { $0.key < $1.key }.map { number, marks in
            let offset = committed[KafkaTopicPartition(topic: topic, partition: number)]
            return Partition(
                partition: number,
                owner: members.first { $0.partitions.contains(number) }.map { ConsoleNames.name($0.clientId) },
                committed: offset,
                end: marks.high,
                // Where the group's offset is unknown, the state shows it too.
                lag: max(0, marks.high - max(offset ?? tally.decided[number]?.offset ?? 0, marks.low)),
                jobs: phases[number] ?? [:]
            )
        }
        return FleetStatus(
            group: access.log.groupID,
            groupState: group?.state ?? unknown,
            members: members,
            partitions: partitions,
            jobs: tally.counts,
            openJobs: tally.groups,
            pauses: Pause.all(tally.pauses, at: SystemClock().now()),
            oldestAgeSeconds: tally.oldestAcceptance.map {
                Double($0.duration(to: SystemClock().now()).wholeMilliseconds) / 1_000
            },
            lag: partitions.map(\.lag).reduce(0, +),
            oldest: tally.oldest(10),
            unreadable: tally.unreadable,
            notes: notes
        )
    }

    // MARK: Printing

    /// - Parameter width: the most characters of a table's line; `nil` for no limit.
    func text(fitting width: Int?) -> String {
        // `Dead` is also the state of a group that has never existed.
        let state = groupState == "Dead" ? "no worker has joined it" : groupState.lowercased()
        let isKnown = groupState != Self.unknown
        var lines = ["Group \(group)" + (isKnown ? ": \(state), \(Formatting.count(members.count, "member"))" : "")]
        lines += notes.map { "unknown: \($0)" }
        let order = JobPhase.allCases.map(\.name)
        var table = TextTable(
            ["PARTITION", "OWNER", "COMMITTED", "END", "LAG"] + order.map { $0.uppercased() },
            rightAligned: Set([0] + Array(2..<(5 + order.count))),
            optional: [2, 3]
        )
        for partition in partitions {
            let cells = [
                String(partition.partition), partition.owner ?? "-", partition.committed.map(String.init) ?? "-",
                String(partition.end), String(partition.lag),
            ]
            table.add(cells + order.map { String(partition.jobs[$0] ?? 0) })
        }
        lines += ["", table.rendered(fitting: width), ""]
        let counts = order.map { "\(jobs[$0] ?? 0) \($0)" }.joined(separator: ", ")
        let ends = jobs.filter { $0.key.hasPrefix("finished.") }.sorted { $0.key < $1.key }
            .map { "\($0.value) \($0.key.dropFirst("finished.".count))" }
        lines.append("Jobs: \(counts)" + (ends.isEmpty ? "" : " (\(ends.joined(separator: ", ")))"))
        let byAccount = Dictionary(grouping: openJobs, by: \.account).sorted { $0.key < $1.key }.map { name, groups in
            TextTable.printable(name) + ": " + groups.map { "\($0.jobs) \($0.kind)" }.joined(separator: ", ")
        }
        if !byAccount.isEmpty { lines.append("Open: " + byAccount.joined(separator: "; ")) }
        lines += pauses.map { $0.line(of: partitions.count) }
        lines.append("Lag: \(lag)")
        if unreadable > 0 {
            lines.append("This version cannot read \(Formatting.count(unreadable, "state record")).")
        }
        lines += RefreshTokenAge.lines(refreshTokens, fitting: width)
        if !oldest.isEmpty { lines += ["", "Longest in progress:", oldestTable.rendered(fitting: width)] }
        return lines.joined(separator: "\n")
    }

    private var oldestTable: TextTable {
        let now = SystemClock().now()
        var table = TextTable(["JOB", "PHASE", "FOR", "ATTEMPT", "REQUEST"], rightAligned: [3], optional: [4])
        for job in oldest {
            let age = Instant(rfc3339: job.since).map { $0.duration(to: now).shortText } ?? "-"
            table.add([job.jobId, job.phase, age, String(job.attempt), job.requestId ?? "-"])
        }
        return table
    }
}
