import Testing

@testable import payout_worker

@Suite struct ConfigurationPageTests {
    private static let parts = [
        ("Kafka", "KAFKA_"), ("The worker", "WORKER_"), ("The service", "PAYOUT_API_"), ("Files", "FILES_"),
        ("Network, HTTP, logs and traces", ""),
    ]

    private static var lines: [String] {
        var rest = SettingDefinition.all
        var lines: [String] = []
        for (title, prefix) in parts {
            let settings = rest.filter { $0.name.hasPrefix(prefix) }
            rest.removeAll { $0.name.hasPrefix(prefix) }
            lines +=
                (lines.isEmpty ? [] : [""]) + [
                    "## \(title)", "", "| variable | default | meaning |", "| --- | --- | --- |",
                ]
            lines += settings.map(row)
        }
        return lines
    }

    private static func row(_ setting: SettingDefinition) -> String {
        let constant = setting.defaultValue.map { $0.isEmpty ? "empty" : "`\($0)`" }
        let meaning = [setting.help, setting.details].filter { !$0.isEmpty }
        return GeneratedRegion.row(
            "`\(setting.name)`\(setting.isSecret ? " †" : "")",
            constant ?? setting.unset ?? "",
            meaning.joined(separator: ". ")
        )
    }

    @Test func everySettingIsDocumented() throws {
        try GeneratedRegion(page: "Reference/Configuration", name: "settings").expect(Self.lines)
    }

    @Test func everyDetailBelongsToASetting() {
        let names = Set(SettingDefinition.all.map(\.name))
        #expect(Set(SettingDefinition.details.keys).subtracting(names) == [])
        #expect(names.count == SettingDefinition.all.count)
    }
}
