import Testing

@testable import payout_worker

/// Settings whose value is empty.
@Suite struct EmptySettingsTests {
    private func read(
        _ name: String,
        flag: String? = nil,
        environment: String? = nil
    ) throws -> (text: String, problems: [String]) {
        let flags = flag.map { [name: $0] } ?? [:]
        var reader = SettingReader(try Settings(flags: flags, environment: environment.map { [name: $0] } ?? [:]))
        let text = reader.text(name)
        return (text, reader.problems)
    }

    @Test(arguments: ["KAFKA_GROUP_ID", "KAFKA_TOPICS_JOBS", "KAFKA_TOPICS_STATE", "HTTP_HOST", "PAYOUT_API_BASE_URL"])
    func emptyFlagDoesNotReplaceADefault(_ name: String) throws {
        let standard = try read(name)
        #expect(!standard.text.isEmpty && standard.problems.isEmpty)
        let empty = try read(name, flag: "")
        #expect(empty.problems.count == 1)
        #expect(empty.problems.first?.hasPrefix("\(name) is empty") == true)
        #expect(empty.problems.first?.contains(standard.text) == true)
    }

    @Test func emptyEnvironmentVariableCountsAsNotSet() throws {
        let empty = try read("KAFKA_GROUP_ID", environment: "")
        #expect(empty.text == "payout-export-workers" && empty.problems.isEmpty)
    }

    @Test func settingWithoutADefaultMayBeEmpty() throws {
        let empty = try read("FILES_LOCATION", flag: "")
        #expect(empty.text.isEmpty && empty.problems.isEmpty)
    }
}
