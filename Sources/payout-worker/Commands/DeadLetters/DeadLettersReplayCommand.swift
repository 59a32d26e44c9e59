import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka

/// `dead-letters replay`
struct DeadLettersReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay",
        abstract: "Send dead letters to the jobs topic again, unchanged.",
        discussion: """
            Key, value and headers are the original ones; the header x-replayed-from names the dead letter. A mark in \
            the dead-letter topic records the replay for as long as the dead letter itself is kept. The next replay \
            skips marked dead letters unless you set --again. Before you replay, fix the cause of the refusal: a record \
            that is still invalid becomes a dead letter again.

              payout-worker dead-letters replay --reason "is not configured" --dry-run
              payout-worker dead-letters replay 3/17 3/18
              payout-worker dead-letters replay --all --since 24h
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var filter: DeadLetterFilter

    @Argument(help: "The dead letters: partition/offset, as 'list' prints them.")
    var ids: [DeadLetterID] = []

    @Flag(help: "All dead letters that match the filters.")
    var all = false

    @Flag(help: "Only print what would be sent.")
    var dryRun = false

    @Flag(help: "Include dead letters that have already been replayed.")
    var again = false

    func validate() throws {
        guard !ids.isEmpty || all || !filter.isEmpty else {
            throw ValidationError("Select dead letters: partition/offset, a filter, or --all.")
        }
        if !ids.isEmpty, all || !filter.isEmpty { throw ValidationError("Use either ids or filters, not both.") }
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let chosen = try await chosen(access)
            let replayed = again || chosen.isEmpty ? [] : try await ReplayMarks.all(access)
            let known = chosen.filter { replayed.contains($0.id) }
            let unsent = chosen.filter { !replayed.contains($0.id) }
            // Without its value, headers or key it would be another record.
            let wanted = unsent.filter(\.document.original.omitted.isEmpty)
            let incomplete = unsent.filter { !$0.document.original.omitted.isEmpty }
            if !dryRun, !wanted.isEmpty { try await Self.send(wanted, access) }
            let verb = dryRun ? "would be sent" : "sent"
            if outputOptions.isJSON {
                for entry in wanted { Terminal.result(try line(entry, dryRun ? "dryRun" : "sent")) }
                for entry in known { Terminal.result(try line(entry, "replayedBefore")) }
                for entry in incomplete { Terminal.result(try line(entry, "incomplete")) }
            } else {
                for entry in wanted { Terminal.result("\(entry.id)  \(job(entry))  \(verb)") }
                for entry in known { Terminal.result("\(entry.id)  \(job(entry))  skipped, already replayed") }
                for entry in incomplete {
                    let place =
                        "\(entry.document.topic ?? "-") \(entry.document.partition ?? -1)/\(entry.document.offset ?? -1)"
                    Terminal.result(
                        "\(entry.id)  \(job(entry))  skipped, too large; the record is in \(place)"
                    )
                }
            }
            Terminal.note(
                "\(Formatting.count(wanted.count, "dead letter")) \(verb) to \(access.topics.jobs), \(known.count + incomplete.count) skipped."
            )
        }
    }

    private func job(_ entry: DeadLetterEntry) -> String { TextTable.printable(entry.jobID ?? "-") }

    private func line(_ entry: DeadLetterEntry, _ outcome: String) throws -> String {
        var fields = ["id": entry.id, "outcome": outcome]
        fields["jobId"] = entry.jobID
        return try JSONText.line(fields)
    }

    private func chosen(_ access: KafkaAccess) async throws -> [DeadLetterEntry] {
        guard ids.isEmpty else {
            let found = try await DeadLetterID.find(ids, access)
            let missing = Set(ids.map(\.text)).subtracting(found.map(\.id)).sorted()
            guard missing.isEmpty else {
                throw CommandFailure(
                    "Dead letters that do not exist in \(access.topics.deadLetter): \(missing.joined(separator: ", ")). Nothing was sent."
                )
            }
            return found
        }
        let matches = try filter.matcher()
        var chosen: [DeadLetterEntry] = []
        try await access.scan(access.topics.deadLetter) { record in
            guard let entry = DeadLetterEntry(record) else { return .continue }
            if matches(entry) { chosen.append(entry) }
            return .continue
        }
        return chosen
    }

    private static func send(_ entries: [DeadLetterEntry], _ access: KafkaAccess) async throws {
        let topic = access.topics.jobs
        _ = try await access.withAdmin { admin in try await access.topic(topic, admin) }
        try await access.withProducer { producer in
            try await producer.run { producer throws(KafkaError) in
                for entry in entries {
                    let original = entry.document.original
                    let kept = original.headers.filter { $0.name != ReplayMarks.jobHeader }.map {
                        KafkaHeader($0.name, $0.value)
                    }
                    try producer.produce(
                        KafkaProducerRecord(
                            topic: topic,
                            partition: entry.target,
                            key: original.key,
                            value: original.value,
                            headers: kept + [KafkaHeader(ReplayMarks.jobHeader, entry.mark)]
                        )
                    )
                }
            }
            let failures = try await producer.flush()
            if let first = failures.first {
                throw CommandFailure(
                    "Failed to send \(failures.count) of \(entries.count) dead letters: \(first.error). Run the command again; it skips those that were sent."
                )
            }
            let marks = entries.compactMap { DeadLetterID(argument: $0.id) }.map {
                ReplayMarks.mark($0, topic: access.topics.deadLetter)
            }
            try await producer.run { producer throws(KafkaError) in for mark in marks { try producer.produce(mark) } }
            if let first = try await producer.flush().first {
                Terminal.note(
                    "All dead letters were sent, but writing the marks to \(access.topics.deadLetter) failed: \(first.error). 'replay' skips them as long as the jobs topic contains the sent records."
                )
            }
        }
    }
}
