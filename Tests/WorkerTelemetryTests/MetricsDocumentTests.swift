import Foundation
import Testing

@testable import WorkerTelemetry

@Suite("The table of metrics")
struct MetricsDocumentTests {
    private static let url = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "deploy/metrics.md")

    /// The table, as Markdown.
    private static var document: String {
        var lines = [
            "# Metrics", "",
            "Every metric at `GET /metrics`. Labels are bounded: none contains a job id or a file name. Alerts:",
            "[`alerts.yaml`](prometheus/alerts.yaml).",
            "",
        ]
        let parts: [(String, [MetricDefinition])] = [
            ("Jobs", MetricsTable.jobs), ("Calls and files", MetricsTable.calls + MetricsTable.files),
            ("Signing in", MetricsTable.signIn), ("Kafka", MetricsTable.log),
            ("The worker", MetricsTable.worker), ("The process", MetricsTable.process),
            ("From libraries", MetricsTable.foreign),
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
            HealthCode.allCases.map { "`\($0.rawValue)`" }.joined(separator: ", ") + ".",
        ]
        return lines.joined(separator: "\n") + "\n"
    }

    @Test func everyMetricIsDocumented() throws {
        if ProcessInfo.processInfo.environment["UPDATE_DOCUMENTS"] != nil {
            try Data(Self.document.utf8).write(to: Self.url)
        }
        let written = try String(contentsOf: Self.url, encoding: .utf8)
        #expect(written == Self.document, "`make documents` writes deploy/metrics.md again")
    }

    @Test func everyHealthCodeHasItsRemedyInTheGuides() throws {
        let page = "Sources/payout-worker/payout-worker.docc/Operations/Troubleshooting.md"
        let root = Self.url.deletingLastPathComponent().deletingLastPathComponent()
        let text = try String(contentsOf: root.appending(path: page), encoding: .utf8)
        #expect(HealthCode.allCases.filter { !text.contains("`\($0.rawValue)`") } == [])
    }

    @Test func everyMetricBelongsToOnePart() {
        #expect(Set(MetricsTable.all.map(\.name)).count == MetricsTable.all.count)
    }
}
