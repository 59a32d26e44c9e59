import Testing

@testable import payout_worker

@Suite struct ConfigurationFileTests {
    private func values(_ text: String) throws -> [String: String] {
        try ConfigurationFile(text: text, path: "worker.yaml").values
    }

    private func message(_ text: String) -> String? {
        #expect(throws: ConfigurationError.self) { try values(text) }?.description
    }

    @Test(
        arguments: [
            "0123", "0x10", "1e5", "1_000", "1:30", "2026-01-01", "yes", "123456789012345678901234567890",
            "1:2:3:4:5:6:7:8:9:10:11:12:13:14:15", "!!binary aGVsbG8=", "!!int 007",
        ]
    )
    func valuesAreTextsAsWritten(text: String) throws {
        let expected = text.split(separator: " ").last.map(String.init)
        #expect(try values("payout.api.client.secret: \(text)") == ["PAYOUT_API_CLIENT_SECRET": expected])
    }

    @Test func nestedAndDottedKeysAreEquivalent() throws {
        #expect(try values("kafka:\n  group:\n    id: g") == ["KAFKA_GROUP_ID": "g"])
        #expect(try values(#"{"kafka.group": {"id": "g"}, "http": {"port": 8080}}"#)["HTTP_PORT"] == "8080")
        // The last one counts, in every run.
        #expect(try values("kafka.group.id: a\nkafka:\n  group.id: b") == ["KAFKA_GROUP_ID": "b"])
    }

    @Test func nullIsNoValueAndAQuotedNullIs() throws {
        #expect(try values("a: null\nb: ~\nc:\nd: 'null'\ne: ''") == ["D": "null", "E": ""])
    }

    @Test func listsAreJoined() throws {
        #expect(try values("a: [x, 0640, null]\nb: []") == ["A": "x,0640,null", "B": ""])
        #expect(message("a:\n  - b: c")?.contains("worker.yaml, line 2: 'a' must be a list") == true)
    }

    @Test func mergedEntriesAreOverridden() throws {
        let text = """
            a: &a {x: 1, y: {z: 1}}
            b: &b {x: 2, w: 2}
            c:
              <<: [*a, *b]
              y: {v: 3}
            """
        let values = try values(text).filter { $0.key.hasPrefix("C_") }
        #expect(values == ["C_X": "1", "C_W": "2", "C_Y_V": "3"])
        #expect(message("<<: text")?.contains("'<<' must refer to an object") == true)
    }

    @Test(arguments: ["{a: b}: c", "[a]: b", "a:\n  ? [b]\n  : c", "accounts:\n  [a]: {}", "a: !!set {[b]: }"])
    func keysMustBeTexts(text: String) {
        #expect(message(text)?.contains("a key must be a text") == true)
    }

    @Test func referencesDoNotMultiplyValuesWithoutLimit() {
        let levels = (1...12).map { level in
            let entries = (0..<9).map { "k\($0): *l\(level - 1)" }
            return "l\(level): &l\(level) {\(entries.joined(separator: ", "))}"
        }
        let text = "l0: &l0 {k: v}\n" + levels.joined(separator: "\n")
        #expect(message(text)?.contains("more than 10000 values") == true)
    }
}
