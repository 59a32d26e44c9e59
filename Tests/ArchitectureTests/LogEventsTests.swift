import Foundation
import Testing

@Suite struct LogEventsTests {
    private static let path = "deploy/log-events.md"

    private static func events() throws -> LogEvents {
        var events = LogEvents()
        for file in try Repository().swiftFiles(in: "Sources") { events.read(file) }
        return events
    }

    @Test func messagesAreConstant() throws {
        let variableMessages = try Self.events().variableMessages
        #expect(variableMessages.isEmpty, "\(variableMessages)")
    }

    @Test func tableContainsEveryLogEvent() throws {
        let document = try Self.events().document
        let url = Repository().root.appending(path: Self.path)
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try Data(document.utf8).write(to: url)
        }
        let written = try String(contentsOf: url, encoding: .utf8)
        let difference = Set(document.split(separator: "\n")).symmetricDifference(written.split(separator: "\n"))
        #expect(
            written == document,
            "`make documents` writes \(Self.path) again; it differs in \(difference)"
        )
    }

    /// One key for one thing, from OpenTelemetry where it has one. A new key is added here.
    private static let keys: Set<String> = [
        "account", "accounts", "action", "added", "address", "attempt", "batch.id", "brokers", "call", "change",
        "changed", "clients",
        "code", "columns", "committed", "count", "dead_letter", "delay", "delivery", "duration_seconds", "endpoint",
        "epoch",
        "errno", "error.message", "error.type", "event_repeated", "field", "files", "finding", "format", "from",
        "group", "host", "http.request.method", "http.response.status_code", "job.id", "jobs", "kafka.fault",
        "kafka.offset", "kafka.operation", "kafka.partition", "kafka.rebalance", "kafka.role", "kafka.topic", "kind",
        "ms-correlationid", "name", "offset", "offsets", "partition", "partitions", "path", "port", "position",
        "reason", "record", "records", "remedy", "removed", "request.id", "results", "retry_after", "rights",
        "sent.ms-correlationid", "setting", "share", "size", "state", "status", "step", "store", "subject", "timeout",
        "to", "topic", "trace_id", "transactional.id", "url.full", "url.template", "version", "worker",
    ]

    @Test func metadataKeysAreListed() throws {
        let used = try Self.events().events.reduce(into: Set<String>()) { $0.formUnion($1.keys) }
        #expect(used.subtracting(Self.keys).sorted() == [], "keys that are not listed")
        #expect(Self.keys.subtracting(used).sorted() == [], "listed keys that no call uses")
    }

    @Test func callsAreParsedWithTheirMetadata() {
        var events = LogEvents()
        events.read(
            Repository.File(
                path: "Sources/Room/A.swift",
                text: #"""
                    logger.info("Plain")
                    log.logger?.warning(
                        "With (parentheses) and \"quotes\"",
                        metadata: ["one": "\(call(a, "b)"))", "two": "x"]
                    )
                    logger.error("not \(constant)")
                    let metadata: Logger.Metadata = ["other": "x"]
                    var metadata = error.logMetadata
                    metadata["own.key"] = "x"
                    logger.notice("Shared", metadata: metadata)
                    var logMetadata: Logger.Metadata {
                        var metadata: Logger.Metadata = ["shared": "x"]
                        return metadata
                    }
                    """#
            )
        )
        #expect(
            events.events == [
                .init(room: "Room", level: "info", message: "Plain", keys: []),
                .init(
                    room: "Room",
                    level: "warning",
                    message: #"With (parentheses) and \"quotes\""#,
                    keys: ["one", "two"]
                ),
                .init(room: "Room", level: "notice", message: "Shared", keys: ["own.key", "shared"]),
            ]
        )
        #expect(events.variableMessages.count == 1)
    }
}
