import Foundation
import Testing

/// A user who follows the README: a shell in a folder that looks like a clone after `make demo`, with a browser that signs
/// in at once.
final class Reader {
    /// For tests that sign in: the reader's browser is curl.
    static let hasBrowser = ConditionTrait.enabled(if: Places.program("curl") != nil, "curl is not installed")

    private let sandbox: Sandbox
    let folder: URL
    private let isSignedIn: Bool

    /// - Parameter isSignedIn: whether the reader has the variables of the account already.
    init(_ sandbox: Sandbox, isSignedIn: Bool = false) throws {
        self.sandbox = sandbox
        self.isSignedIn = isSignedIn
        folder = FileManager.default.temporaryDirectory.appending(path: "examples-reader-\(UUID().uuidString)")
        let files = FileManager.default
        for name in [".build", "browser", "home"] {
            try files.createDirectory(at: folder.appending(path: name), withIntermediateDirectories: true)
        }
        try files.createSymbolicLink(
            at: folder.appending(path: ".build/debug"),
            withDestinationURL: sandbox.worker.deletingLastPathComponent()
        )
        let browser = folder.appending(path: "browser/xdg-open")
        try Data("#!/bin/sh\nexec curl -fsSL -o /dev/null \"$1\"\n".utf8).write(to: browser)
        try files.setAttributes([.posixPermissions: 0o755], ofItemAtPath: browser.path)
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// The recipe with the sandbox's ids and brokers where the reader's own belong.
    func filledIn(_ recipe: String) throws -> String {
        let variables = sandbox.variables
        let tenant = try #require(variables["PAYOUT_API_TENANT_ID"])
        let client = try #require(variables["PAYOUT_API_CLIENT_ID"])
        let brokers = variables["KAFKA_BOOTSTRAP_SERVERS"] ?? "localhost:9092"
        return recipe.replacing("PAYOUT_API_TENANT_ID=… ", with: "PAYOUT_API_TENANT_ID=\(tenant) ")
            .replacing("PAYOUT_API_CLIENT_ID=…\n", with: "PAYOUT_API_CLIENT_ID=\(client)\n")
            .replacing(/(localhost|kafka):9092/, with: brokers)
    }

    /// The files of the reader's folder.
    func files() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path) }

    /// Runs a script to its end.
    ///
    /// - Returns: what it printed to standard output.
    func shell(_ script: String) async throws -> String {
        try await running(script) { program in
            let status = await program.waitForEnd(within: .seconds(600))
            #expect(status == 0, "\(program.output.suffix(1_000)) \(program.errors.suffix(2_000))")
            return program.output
        }
    }

    /// Runs a script until the body returns, then ends it.
    func running<Result>(_ script: String, _ body: (Program) async throws -> Result) async throws -> Result {
        let path = [
            sandbox.worker.deletingLastPathComponent().path, folder.appending(path: "browser").path, Places.path,
        ]
        var environment = [
            "PATH": path.joined(separator: ":"), "HOME": folder.appending(path: "home").path, "DISPLAY": ":0",
            "HTTP_PORT": "0",
        ]
        // The reader configures the rest; these stand for the real service.
        let given: Set = ["PAYOUT_API_BASE_URL", "PAYOUT_API_AUTHORITY", "PAYOUT_API_BLOB_HOSTS"]
        for (name, value) in sandbox.variables where given.contains(name) || isSignedIn { environment[name] = value }
        return try await Program.running(
            URL(filePath: "/bin/sh"),
            // The last command replaces the shell, so that a signal reaches it.
            [
                "-euc",
                "cd '\(folder.path)'\n" + script.replacing("\npayout-worker run", with: "\nexec payout-worker run"),
            ],
            environment: environment,
            body
        )
    }
}
