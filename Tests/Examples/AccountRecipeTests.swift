import Foundation
import Testing
import TestSupport

/// Runs the recipes for several accounts unchanged, with the ids of a sandbox in the configuration file.
@Suite("Recipes for several accounts", .serialized)
struct AccountRecipeTests {
    private static let configuration = "worker.yaml"
    private static let token = "0123456789abcdef"

    @Test(Reader.hasBrowser)
    func eachAccountSignsInAndIsPaused() async throws {
        try await Sandbox.with(["--speed", "instant", "--signed-out", "--mfa", "1"]) { sandbox in
            let reader = try Reader(sandbox)
            try Data(try configuration(sandbox, reader).utf8)
                .write(to: reader.folder.appending(path: Self.configuration))
            let start = "export HTTP_ADMIN_TOKEN=\(Self.token)\n" + (try Recipe.text("several-accounts"))
            try await reader.running(start) { worker in
                try await eventually("the console listens", while: worker) { port(worker) != nil }
                #expect(worker.output.split(separator: "\n").count { $0.contains("Refresh token saved in") } == 3)
                _ = try await reader.shell(try Recipe.text("one-account"))
                try await eventually("the job of the account emea completes", while: worker) {
                    try await reader.shell("payout-worker results --config worker.yaml").contains("completed")
                }
                try await pauses(sandbox, reader)
                try await actions(reader, try #require(port(worker)))
            }
        }
    }

    /// The configuration file of the guide, whose placeholders are replaced by what the sandbox accepts.
    private func configuration(_ sandbox: Sandbox, _ reader: Reader) throws -> String {
        let tokens = reader.folder.appending(path: "tokens/")
        try FileManager.default.createDirectory(
            at: tokens,
            withIntermediateDirectories: true,
            attributes: [.posixPermissions: 0o700]
        )
        let variables = sandbox.variables
        return try reader.filledIn(try Recipe.text("accounts"))
            .replacing(/tenant\.id: .*/, with: "tenant.id: \(try #require(variables["PAYOUT_API_TENANT_ID"]))")
            .replacing(/client\.id: .*/, with: "client.id: \(try #require(variables["PAYOUT_API_CLIENT_ID"]))")
            .replacing("/var/lib/payout-refresh-tokens/", with: tokens.path + "/")
    }

    private func pauses(_ sandbox: Sandbox, _ reader: Reader) async throws {
        let brokers = try #require(sandbox.variables["KAFKA_BOOTSTRAP_SERVERS"])
        // The first command is a preview, which exits with 1.
        let printed = try await reader.shell(
            "export KAFKA_BOOTSTRAP_SERVERS=\(brokers)\nset +e\n" + (try Recipe.text("pause"))
        )
        #expect(printed.contains(": pause submissions") && printed.contains(": resume jobs"), "\(printed)")
    }

    private func actions(_ reader: Reader, _ port: Substring) async throws {
        let tomorrow = Date(timeIntervalSinceNow: 86_400).formatted(.iso8601)
        let recipe = try Recipe.text("actions").replacing(":8080", with: ":\(port)")
            .replacing("2026-12-01T06:00:00Z", with: tomorrow)
        let enqueue = "payout-worker enqueue --config worker.yaml --kind payments --job-id march --not-before 2h"
        _ = try await reader.shell(enqueue)
        try await eventually("the job march is open") {
            try await reader.shell("payout-worker jobs list --config worker.yaml").contains("march ")
        }
        let printed = try await reader.shell("export HTTP_ADMIN_TOKEN=\(Self.token)\n" + recipe)
        #expect(printed.contains("march") && printed.contains("\"action\":\"pause\""), "\(printed)")
    }

    /// The port of the worker's console, once its log names it.
    private func port(_ worker: Program) -> Substring? {
        worker.errors.firstMatch(of: /The console listens.*?"port":"?(\d+)/)?.1
    }
}
