import Foundation
import Testing

@testable import WorkerConsole

@Suite("The table of metrics")
struct MetricsDocumentTests {
    private static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/metrics.md")

    /// The table, as Markdown.
    private static var document: String {
        var lines = [
            "# Metrics", "",
            "Every metric at `GET /metrics`. Labels are bounded: no job id, no file name is in one. The table is made from the",
            "code by a test (`UPDATE_DOCUMENTS=1 make test` writes it anew). Alerts on them: [`alerts.yaml`](prometheus/alerts.yaml).",
            "",
        ]
        let parts: [(String, [MetricDefinition])] = [
            ("Jobs", MetricsTable.jobs), ("Calls and files", MetricsTable.calls), ("Kafka", MetricsTable.log),
            ("The worker", MetricsTable.worker), ("The process", MetricsTable.process),
            ("From elsewhere", MetricsTable.foreign),
        ]
        for (title, definitions) in parts {
            lines += ["## \(title)", "", "| name | type | labels | meaning |", "| --- | --- | --- | --- |"]
            for definition in definitions {
                let labels = definition.labels.map { "`\($0)`" }.joined(separator: ", ")
                lines.append(
                    "| `\(definition.name)` | \(definition.kind.rawValue), \(definition.unit) | \(labels) | \(definition.help) |"
                )
            }
            lines.append("")
        }
        lines += [
            "## Health reasons", "",
            "The values of the label `code` of `payout_export_health_reason`, which are those of `/readyz`:",
            HealthReason.Code.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + ".",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func everyMetricIsDocumented() throws {
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try Data(Self.document.utf8).write(to: Self.url)
        }
        let written = try String(contentsOf: Self.url, encoding: .utf8)
        #expect(written == Self.document, "UPDATE_DOCUMENTS=1 make test writes deploy/metrics.md anew")
    }

    @Test func everyMetricBelongsToOnePart() {
        #expect(Set(MetricsTable.all.map(\.name)).count == MetricsTable.all.count)
    }
}
