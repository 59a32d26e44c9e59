import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka

/// `topics recover`
struct TopicsRecoverCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "recover",
        abstract: "Continue stopped partitions at another offset of the jobs topic.",
        discussion: """
            A worker stops a partition if the jobs topic or the state topic was deleted, created again or truncated, \
            because continuing would silently skip or lose jobs. This command writes the offset at which to continue to \
            the state topic, and running workers continue there within seconds. Jobs that the state contains are kept: \
            if such a job is read again, it does not run again.

            Partitions that are not stopped are skipped while the group has members.

              payout-worker topics recover --all --from beginning --dry-run
              payout-worker topics recover --partition 3 --from 1842
              payout-worker topics recover --all --from 2026-12-01T00:00:00Z
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions

    @Option(help: ArgumentHelp("Partition of the jobs topic. Repeatable.", valueName: "number"))
    var partition: [Int32] = []

    @Flag(help: "All partitions that a worker would stop.")
    var all = false

    @Option(
        help: ArgumentHelp(
            "Where to continue: beginning, end, committed (the group's committed offset), an offset, a time such as 2026-12-01T00:00:00Z, or a duration before now such as 2h.",
            valueName: "position"
        )
    )
    var from: String

    @Flag(help: "Only print what would be written.")
    var dryRun = false

    func validate() throws {
        guard all != !partition.isEmpty else { throw ValidationError("Use either --all or --partition.") }
        guard partition.allSatisfy({ $0 >= 0 }) else { throw ValidationError("--partition must not be negative.") }
        _ = try RecoveryStart.parse(from)
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let start = try RecoveryStart.parse(from)
            let plans = try await access.withAdmin { admin in
                try await access.withReader { reader in
                    let recovery = PartitionRecovery(access: access, admin: admin, reader: reader)
                    return try await recovery.plans(only: all ? nil : Set(partition), from: start)
                }
            }
            let wanted = plans.filter { $0.refusal == nil }
            if !dryRun, !wanted.isEmpty { try await Self.write(wanted, access) }
            if outputOptions.isJSON {
                Terminal.result(try JSONText.document(plans.map { RecoveryDocument($0, isDryRun: dryRun) }))
            } else {
                Terminal.result(text(plans))
            }
            // A partition that was selected by number and skipped is a failure.
            if !all, plans.contains(where: { $0.refusal != nil }) { throw ExitStatus.failed }
        }
    }

    private static func write(_ plans: [RecoveryPlan], _ access: KafkaAccess) async throws {
        let topic = access.topics.state
        let failures = try await access.withProducer { producer in
            try await producer.run { (producer) throws(KafkaError) in
                for plan in plans {
                    try producer.produce(
                        KafkaProducerRecord(plan.record, topic: topic, partition: plan.partition)
                    )
                }
                return try producer.flush()
            }
        }
        if let first = failures.first {
            throw CommandFailure(
                "Failed to write to partition \(first.topicPartition.partition) of \(topic): \(first.error). This partition has not changed; run the command again."
            )
        }
    }

    private func text(_ plans: [RecoveryPlan]) -> String {
        var table = TextTable(
            ["PARTITION", "STATE POSITION", "JOBS TOPIC", "CONTINUES AT", "OPEN JOBS", "RESULT"],
            rightAligned: [0, 1, 3, 4],
            optional: [1, 2]
        )
        for plan in plans {
            table.add([
                String(plan.partition), String(plan.position), "\(plan.low) to \(plan.high)",
                plan.refusal == nil ? String(plan.offset) : "-", String(plan.openJobs),
                plan.refusal ?? (dryRun ? "would be written" : "written"),
            ])
        }
        var lines = [table.rendered(fitting: tableOptions.width), ""]
        for plan in plans where plan.reason != nil {
            lines.append("Partition \(plan.partition): \(plan.reason ?? "")")
        }
        let count = plans.count { $0.refusal == nil }
        let verb = dryRun ? "would continue" : "continue"
        lines.append(
            count == 0
                ? "Nothing was written." : "\(Formatting.count(count, "partition")) \(verb) at the offset shown."
        )
        return lines.joined(separator: "\n")
    }
}

/// The result for a partition in JSON output.
private struct RecoveryDocument: Encodable {
    var partition: Int32
    var outcome: String
    var reason: String?
    var statePosition: Int64
    var low: Int64
    var high: Int64
    var offset: Int64?
    var openJobs: Int
    var knownJobs: Int

    init(_ plan: RecoveryPlan, isDryRun: Bool) {
        partition = plan.partition
        outcome = plan.refusal == nil ? (isDryRun ? "dryRun" : "written") : "leftAlone"
        reason = plan.refusal ?? plan.reason
        statePosition = plan.position
        low = plan.low
        high = plan.high
        offset = plan.refusal == nil ? plan.offset : nil
        openJobs = plan.openJobs
        knownJobs = plan.knownJobs
    }
}
