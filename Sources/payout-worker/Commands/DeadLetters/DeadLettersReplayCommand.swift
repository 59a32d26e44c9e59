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
        abstract: "Send dead letters to the jobs topic again, as they were.",
        discussion: """
            Key, value and headers are the original ones; a header x-replayed-from names the dead letter. A mark \
            in the dead-letter topic remembers that it was sent, for as long as the dead letter itself stays, so it \
            is left out the next time; --again sends it all the same. It makes sense after what refused the record \
            was changed: a record that is wrong comes back as a dead letter.

              payout-worker dead-letters replay --reason "is not configured" --dry-run
              payout-worker dead-letters replay 3/17 3/18
              payout-worker dead-letters replay --all --since 24h
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var filter: DeadLetterFilter

    @Argument(help: "Dead letters: partition/offset, as 'list' prints them.")
    var ids: [DeadLetterID] = []

    @Flag(help: "All, or all that the filters leave.")
    var all = false

    @Flag(help: "Only say what would be sent.")
    var dryRun = false

    @Flag(help: "Send those again that were replayed already.")
    var again = false

    func validate() throws {
        guard !ids.isEmpty || all || !filter.isEmpty else {
            throw ValidationError("Say which: partition/offset, a filter, or --all.")
        }
        if !ids.isEmpty, all || !filter.isEmpty { throw ValidationError("Ids and filters exclude each other.") }
    }

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let chosen = try await chosen(access)
            let replayed = again || chosen.isEmpty ? [] : try await ReplayMarks.all(access)
            let (known, wanted) = (
                chosen.filter { replayed.contains($0.id) }, chosen.filter { !replayed.contains($0.id) }
            )
            if !dryRun, !wanted.isEmpty { try await Self.send(wanted, access) }
            let verb = dryRun ? "would be sent" : "sent"
            if outputOptions.isJSON {
                for entry in wanted { Terminal.result(try line(entry, dryRun ? "dryRun" : "sent")) }
                for entry in known { Terminal.result(try line(entry, "replayedBefore")) }
            } else {
                for entry in wanted { Terminal.result("\(entry.id)  \(entry.jobID ?? "-")  \(verb)") }
                for entry in known { Terminal.result("\(entry.id)  \(entry.jobID ?? "-")  left out, replayed before") }
            }
            Terminal.note(
                "\(Readable.count(wanted.count, "dead letter")) \(verb) to \(access.topics.jobs), \(known.count) left out."
            )
        }
    }

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
                    "There is no dead letter \(missing.joined(separator: ", ")) in \(access.topics.deadLetter). Nothing was sent."
                )
            }
            return found
        }
        let matches = try filter.matcher()
        var chosen: [DeadLetterEntry] = []
        try await access.scan(access.topics.deadLetter) { record in
            guard let entry = DeadLetterEntry(record) else { return .goOn }
            if matches(entry) { chosen.append(entry) }
            return .goOn
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
                    "\(failures.count) of \(entries.count) dead letters were not delivered: \(first.error). Run it again: what was delivered is left out."
                )
            }
            let marks = entries.compactMap { DeadLetterID(argument: $0.id) }.map {
                ReplayMarks.mark($0, topic: access.topics.deadLetter)
            }
            try await producer.run { producer throws(KafkaError) in for mark in marks { try producer.produce(mark) } }
            if let first = try await producer.flush().first {
                Terminal.note(
                    "All were sent, but \(access.topics.deadLetter) could not take the marks that remember it: \(first.error). Until the jobs topic forgets them, the records there tell it."
                )
            }
        }
    }
}
