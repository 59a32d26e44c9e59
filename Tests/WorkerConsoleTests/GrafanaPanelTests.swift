import Foundation
import Testing

@testable import WorkerConsole

@Suite("Links to Grafana's panels")
struct GrafanaPanelTests {
    private struct Board: Decodable {
        struct Panel: Decodable {
            var id: Int
            var title: String
        }

        var uid: String
        var panels: [Panel]
    }

    private static let titles: [GrafanaPanel: String] = [
        .openJobs: "Jobs by phase", .finished: "Jobs accepted and events", .failures: "Failures by code",
        .oldest: "Oldest job", .lateJobs: "Jobs near their deadline", .calls: "Calls against the budget",
        .commits: "Time of a commit", .lag: "Lag", .memory: "Memory",
    ]

    @Test func linksNameThePanelsOfTheDashboard() throws {
        let file = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "deploy/grafana/dashboard.json")
        let board = try JSONDecoder().decode(Board.self, from: Data(contentsOf: file))
        #expect(board.uid == GrafanaPanel.dashboard)
        for panel in GrafanaPanel.allCases {
            #expect(board.panels.filter { $0.id == panel.rawValue }.map(\.title) == [Self.titles[panel]], "\(panel)")
        }
    }

    @Test func everyLinkIsUsedOnThePage() {
        for panel in GrafanaPanel.allCases { #expect(Dashboard.script.contains("'\(panel)'"), "\(panel)") }
    }

    @Test func statusHasLinksWhereGrafanaIsConfigured() async throws {
        try await withConsole(configure: { $0.grafana = "https://grafana.example.com/g" }) { port in
            let status = try await RawClient.send("/api/status", port: port).body
            #expect(
                status.contains(#""openJobs":"https://grafana.example.com/g/d/payout-export-worker?viewPanel=12""#),
                "\(status)"
            )
        }
        try await withConsole { port in
            let status = try await RawClient.send("/api/status", port: port).body
            #expect(!status.contains("panels"))
        }
    }
}
