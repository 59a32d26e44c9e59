import ArgumentParser
import EntraIdentity
import Foundation
import HTTPAccess
import PayoutAPI
import Primitives

/// `sign-in`: obtains the refresh token of the workers.
struct SignInCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sign-in",
        abstract: "Sign in with multi-factor authentication and save the refresh token for the workers.",
        discussion: """
            Opens the sign-in page in a browser on this machine and prints its URL. On machines without a browser use \
            --device-code, which many tenants block by policy. The token is saved in --out, else in \
            PAYOUT_API_REFRESH_TOKEN_SAVED_IN, where running workers find it within seconds, else in the file \
            PAYOUT_API_REFRESH_TOKEN_FILE. A token that will not work is not saved, and the previous one is kept.

              payout-worker sign-in --out refresh-token
              payout-worker sign-in --device-code --account emea
            """
    )

    @OptionGroup var options: CommonOptions
    @OptionGroup var outputOptions: OutputOptions

    @Option(help: "Name of the configured account.")
    var account: String = "default"

    @Option(help: ArgumentHelp("File for the token alone, from which you can create a secret.", valueName: "file"))
    var out: String?

    @Flag(help: "Show a code to enter on another machine instead of opening a browser.")
    var deviceCode = false

    @Flag(inversion: .prefixedNo, help: "Open the page in a browser.")
    var browser = true

    @Option(help: ArgumentHelp("Time limit for the sign-in.", valueName: "duration"))
    var timeout: String = "10m"

    func validate() throws {
        guard try DurationArgument.parse(timeout, "--timeout") > .zero else {
            throw ValidationError("--timeout must be longer than 0s.")
        }
        guard out != "" else { throw ValidationError("--out must name a file.") }
    }

    func run() async throws {
        try await reportingErrors {
            let limit = try DurationArgument.parse(timeout, "--timeout")
            let target = try SignInTarget(try options.settings(), account: account, out: out, timeLimit: limit)
            // Check it before the person signs in.
            try await target.place.file.check()
            let (deviceCode, opens) = (deviceCode, browser)
            let outcome = SignInOutcome()
            try await untilInterrupted {
                try await Self.signIn(target, deviceCode: deviceCode, opens: opens, outcome)
            }
            // An interruption after the token was saved has no effect.
            guard let report = await outcome.report else {
                throw CommandFailure("The sign-in was interrupted. Nothing was saved.")
            }
            try finish(report, isOpaque: await outcome.isOpaque, target)
        }
    }

    private static func signIn(
        _ target: SignInTarget,
        deviceCode: Bool,
        opens: Bool,
        _ outcome: SignInOutcome
    ) async throws {
        var connections = HTTPTransport.Configuration()
        connections.network = target.network
        let transport = HTTPTransport(configuration: connections)
        do {
            let signIn = try InteractiveSignIn(configuration: target.configuration, transport: transport)
            if deviceCode {
                _ = try await accept(try await signIn.withDeviceCode { Self.show($0) }, target, outcome)
            } else {
                _ = try await signIn.withBrowser(
                    open: { Self.show($0, opens: opens) },
                    accept: { try await accept($0, target, outcome) }
                )
            }
            try? await transport.shutdown()
        } catch {
            try? await transport.shutdown()
            if let error = error as? ClientConfigurationError { throw ConfigurationError("\(error)") }
            throw error
        }
    }

    /// Saves the token if it will work.
    ///
    /// - Returns: Whether it was saved.
    private static func accept(
        _ signedIn: SignedIn,
        _ target: SignInTarget,
        _ outcome: SignInOutcome
    ) async throws -> Bool {
        var report = SignInReport(signedIn, target)
        if report.problems.isEmpty, let token = signedIn.refreshToken {
            try await target.save(token, signedIn)
            report.savedIn = target.absolutePath
        }
        await outcome.set(report, isOpaque: signedIn.claims == nil)
        return report.savedIn != nil
    }

    private static func show(_ url: String, opens: Bool) {
        let isOpened = opens && BrowserOpener.open(url)
        Terminal.note(
            (isOpened ? "The sign-in page opens in your browser. If it does not, open" : "Open this page in a browser")
                + " on this machine:\n\n  \(url)\n\nWaiting for the sign-in."
                + (isOpened ? "" : " Without a browser, use --device-code.")
        )
    }

    private static func show(_ code: DeviceCode) {
        Terminal.note(
            """
            Open this page on any machine and enter the code within \(code.lifetime.shortText):

              page: \(code.verificationURL)
              code: \(code.userCode)

            Waiting for the sign-in.
            """
        )
    }

    private func finish(_ report: SignInReport, isOpaque: Bool, _ target: SignInTarget) throws {
        if outputOptions.isJSON {
            Terminal.result(try JSONText.document(report))
        } else {
            for line in report.lines { Terminal.result(line) }
        }
        for problem in report.problems { Terminal.error("\(problem.message) \(problem.remedy)") }
        guard report.problems.isEmpty else {
            Terminal.note("Nothing was saved.")
            throw ExitStatus.failed
        }
        if isOpaque {
            Terminal.note("The access token is opaque, so its permissions were not checked.")
        }
        Terminal.note(SignInSteps.text(target))
    }
}

/// The result of the interruptible part.
private actor SignInOutcome {
    private(set) var report: SignInReport?
    private(set) var isOpaque = false

    func set(_ report: SignInReport, isOpaque: Bool) {
        self.report = report
        self.isOpaque = isOpaque
    }
}

/// The next steps after a sign-in.
enum SignInSteps {
    static func text(_ target: SignInTarget) -> String {
        let path = target.absolutePath
        let quoted = ShellText.quoted(path)
        let forms = """
            In Kubernetes, as a key of the chart's secret:

              kubectl -n payout-export create secret generic payout-export-worker \\
                --from-file=api-refresh-token=\(quoted) --dry-run=client -o yaml \\
                | kubectl -n payout-export apply --server-side --force-conflicts --field-manager=sign-in -f -

            In the systemd unit:

              LoadCredential=api-refresh-token:\(path)
            """
        let use =
            switch target.place {
            case .store:
                """
                Workers that run with PAYOUT_API_REFRESH_TOKEN_SAVED_IN use it within seconds.
                For workers that cannot read this file, use --out.
                """
            case .alone: "To use it, start the worker with PAYOUT_API_REFRESH_TOKEN_FILE=\(quoted).\n\n\(forms)"
            }
        return (["", otherFlow(target), use, "", next(target)] as [String?]).compactMap(\.self)
            .joined(separator: "\n")
    }

    private static func next(_ target: SignInTarget) -> String {
        let account = target.account == "default" ? "" : " --account \(ShellText.quoted(target.account))"
        return """
            Next, export a file, which needs no Kafka, and check the whole configuration:

              payout-worker export create --kind payments --last 30d --wait --out .\(account)
              payout-worker check-config --connect
            """
    }

    /// Workers that are configured for another flow do not use the token.
    private static func otherFlow(_ target: SignInTarget) -> String? {
        target.otherFlow.map { flow in
            "PAYOUT_API_AUTHENTICATION is \(flow): remove it, or set it to refresh-token. Until then the worker does not use "
                + "the refresh token.\n"
        }
    }
}
