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
        let odd = try Self.events().odd
        #expect(odd.isEmpty, "\(odd)")
    }

    @Test func everyLogEventStandsInTheTable() throws {
        let document = try Self.events().document
        let url = Repository().root.appending(path: Self.path)
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try Data(document.utf8).write(to: url)
        }
        let written = try String(contentsOf: url, encoding: .utf8)
        let difference = Set(document.split(separator: "\n")).symmetricDifference(written.split(separator: "\n"))
        #expect(
            written == document,
            "UPDATE_DOCUMENTS=1 make test writes \(Self.path) anew; it differs in \(difference)"
        )
    }

    @Test func callsAreReadAsTheyAre() {
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
            ]
        )
        #expect(events.odd.count == 1)
    }
}
