import ArgumentParser
import ExportCore
import ExportRecords
import Foundation
import KafkaClient
import WorkerKafka
import WorkerRuntime

/// `dead-letters`: records that are not valid jobs.
struct DeadLettersCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "dead-letters",
        abstract: "Inspect records that are not valid jobs, and send them again.",
        subcommands: [DeadLettersListCommand.self, DeadLettersShowCommand.self, DeadLettersReplayCommand.self]
    )
}

/// The flags that select dead letters.
struct DeadLetterFilter: ParsableArguments {
    @Option(help: ArgumentHelp("Only dead letters whose reason contains this text, ignoring case.", valueName: "text"))
    var reason: String?

    @Option(
        help: ArgumentHelp(
            "Only dead letters since this time: RFC 3339, or a duration before now such as 2h.",
            valueName: "time"
        )
    )
    var since: String?

    @Option(
        help: ArgumentHelp("Only dead letters before this time: RFC 3339, or a duration before now.", valueName: "time")
    )
    var until: String?

    var isEmpty: Bool { reason == nil && since == nil && until == nil }

    func validate() throws { _ = try matcher() }

    func matcher() throws -> @Sendable (DeadLetterEntry) -> Bool {
        let now = SystemClock().now()
        let since = try since.map { try TimeArgument.parse($0, "--since", now: now) }
        let until = try until.map { try TimeArgument.parse($0, "--until", now: now) }
        let reason = reason
        return { entry in
            if let reason, entry.document.reason?.localizedCaseInsensitiveContains(reason) != true { return false }
            let time = entry.timestamp ?? 0
            if let since, time < since.milliseconds { return false }
            if let until, time >= until.milliseconds { return false }
            return true
        }
    }
}

extension KafkaAccess {
    /// Calls a body for every record of a topic, in these partitions or in all.
    func scan(
        _ topic: String,
        from start: TopicScan.Start = .beginning,
        only: Set<Int32>? = nil,
        _ body: (KafkaRecord) throws -> TopicScan.Step
    ) async throws {
        try await withAdmin { admin in
            try await withReader { reader in
                try await TopicScan(access: self, admin: admin, reader: reader, topic: topic)
                    .read(from: start, only: only, body)
            }
        }
    }
}

/// `dead-letters list`
struct DeadLettersListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List dead letters, each with the reason.",
        discussion: """
            The first column, partition/offset, identifies a dead letter for 'show' and 'replay'. --output json prints \
            one object per line.

              payout-worker dead-letters list --since 24h --pending
              payout-worker dead-letters list --reason "kind must be" --output json
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions
    @OptionGroup var tableOptions: TableOptions
    @OptionGroup var filter: DeadLetterFilter

    @Flag(help: "Only dead letters that have not been replayed.")
    var pending = false

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            let matches = try filter.matcher()
            let replayed = try await ReplayMarks.marked(access)
            var table = StreamedTable(
                ["ID", "JOB", "TIME", "FROM", "REPLAYED", "REASON"],
                optional: [2, 3],
                fitting: tableOptions.width
            )
            var lines = ResultLines()
            var count = 0
            try await access.scan(access.topics.deadLetter) { record in
                guard let entry = DeadLetterEntry(record), matches(entry) else { return .continue }
                let isReplayed = replayed.contains(entry.id)
                if isReplayed, pending { return .continue }
                if outputOptions.isJSON {
                    lines.add(try JSONText.line(EntryDocument(entry, isReplayed: isReplayed, isWhole: false)))
                } else {
                    count += 1
                    let cells = [
                        entry.id, entry.jobID ?? "-", entry.time, entry.origin, isReplayed ? "yes" : "no",
                        entry.document.reason ?? "-",
                    ]
                    for line in table.add(cells) { lines.add(line) }
                }
                return .continue
            }
            for line in table.flush() { lines.add(line) }
            lines.flush()
            if !outputOptions.isJSON, count == 0 { Terminal.result("There are no dead letters.") }
        }
    }
}

/// `dead-letters show`
struct DeadLettersShowCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Print a dead letter with its headers and value.",
        discussion: """
              payout-worker dead-letters show 3/17
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Argument(help: "The dead letter: partition/offset, as 'list' prints it.")
    var id: DeadLetterID

    func run() async throws {
        try await reportingErrors {
            let access = try KafkaAccess(try options.settings())
            guard let entry = try await DeadLetterID.find([id], access).first else {
                throw CommandFailure("The dead letter \(id.text) does not exist in \(access.topics.deadLetter).")
            }
            let isReplayed = try await ReplayMarks.marked(access).contains(entry.id)
            if outputOptions.isJSON {
                return Terminal.result(
                    try JSONText.document(EntryDocument(entry, isReplayed: isReplayed, isWhole: true))
                )
            }
            var lines = [
                "id      \(entry.id)", "time    \(entry.time)", "from    \(entry.origin)",
                "group   \(entry.document.groupID ?? "-")", "reason  \(entry.document.reason ?? "-")",
                "replay  \(isReplayed ? "sent again by 'dead-letters replay'" : "not sent again")",
                "key     \(ByteFormatting.shown(entry.document.original.key))",
            ]
            lines += entry.document.original.headers.map { "header  \($0.name): \(ByteFormatting.shown($0.value))" }
            lines = lines.map(TextTable.printable)
            lines += ["", TextTable.printable(ByteFormatting.shown(entry.document.original.value), keepsLines: true)]
            Terminal.result(lines.joined(separator: "\n"))
        }
    }
}

/// `partition/offset` of a dead letter.
struct DeadLetterID: ExpressibleByArgument, Hashable, Sendable {
    var partition: Int32
    var offset: Int64
    var text: String { "\(partition)/\(offset)" }

    init?(argument: String) {
        let parts = argument.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(parts[0]), let offset = Int64(parts[1]), partition >= 0,
            offset >= 0
        else { return nil }
        self.partition = partition
        self.offset = offset
    }

    /// The dead letters with these ids that exist.
    static func find(_ ids: [DeadLetterID], _ access: KafkaAccess) async throws -> [DeadLetterEntry] {
        let topic = access.topics.deadLetter
        var wanted = Set(ids)
        var starts: [KafkaTopicPartition: Int64] = [:]
        for id in ids {
            let partition = KafkaTopicPartition(topic: topic, partition: id.partition)
            starts[partition] = min(starts[partition] ?? .max, id.offset)
        }
        var found: [DeadLetterEntry] = []
        try await access.scan(topic, from: .offsets(starts), only: Set(ids.map(\.partition))) { record in
            if let id = DeadLetterID(argument: "\(record.partition)/\(record.offset)"), wanted.remove(id) != nil,
                let entry = DeadLetterEntry(record)
            {
                found.append(entry)
            }
            return wanted.isEmpty ? .stop : .continue
        }
        return found
    }
}

/// A dead letter in JSON output.
struct EntryDocument: Encodable {
    struct Header: Encodable {
        var name: String
        var value: String
    }

    var id: String
    var time: String
    var jobId: String?
    var reason: String?
    var topic: String?
    var partition: Int32?
    var offset: Int64?
    var group: String?
    /// Whether `replay` has sent it again.
    var replayed: Bool
    var key: String?
    var headers: [Header]?
    var value: String?

    /// - Parameter isWhole: whether to include the original headers and value.
    init(_ entry: DeadLetterEntry, isReplayed: Bool, isWhole: Bool) {
        replayed = isReplayed
        id = entry.id
        time = entry.time
        jobId = entry.jobID
        reason = entry.document.reason
        topic = entry.document.topic
        partition = entry.document.partition
        offset = entry.document.offset
        group = entry.document.groupID
        key = entry.document.original.key.map { ByteFormatting.shown($0) }
        guard isWhole else { return }
        headers = entry.document.original.headers.map { Header(name: $0.name, value: ByteFormatting.shown($0.value)) }
        value = entry.document.original.value.map { ByteFormatting.shown($0) }
    }
}
