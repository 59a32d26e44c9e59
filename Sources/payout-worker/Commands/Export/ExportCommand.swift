import ArgumentParser
import Foundation
import PayoutAPI
import PayoutFilters

/// `export`: manual calls of the API.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Call the payout API directly: create, get, delete and download exports.",
        discussion: "Requires only the PAYOUT_API_… settings, not Kafka.",
        subcommands: [
            ExportCreateCommand.self, ExportGetCommand.self, ExportDeleteCommand.self, ExportDownloadCommand.self,
        ]
    )
}

/// `export create`
struct ExportCreateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create",
        abstract: "Queue an export at the service.",
        discussion: """
            Without a filter the export covers three years. A period selects rows by payoutStatusUpdateTS (payments) or \
            earningForDate (transactionHistory). Days begin at 00:00 UTC, and the end of a period does not belong to it. \
            The service takes up to 24 hours; with --wait the command polls until the file is ready.

              payout-worker export create --kind payments --month 2026-10 --wait --out .
              payout-worker export create --kind payments --from 2026-01-01 --to 2026-04-01
              payout-worker export create --kind transactionHistory --last 30d \\
                  --filter "payoutStatus eq 'SENT'"
            """
    )

    @OptionGroup var options: ServiceOptions
    @OptionGroup(title: "Selection") var selection: SelectionOptions

    @Flag(name: .customLong("no-check"), help: "Send the filter without checking it.")
    var isUnchecked = false

    @Option(help: "File format: csv or tsv.")
    var format: ExportFileFormat = .csv

    @Option(help: "Idempotency id, a UUID: the service treats the same id as the same request. Default: a random id.")
    var idempotencyID: String?

    @Flag(help: "Wait until the file is ready.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "24h"

    @Option(
        help: ArgumentHelp(
            "With --wait: a folder, or the path to store the file at; - for standard output.",
            valueName: "file"
        )
    )
    var out: String?

    @Flag(help: "Replace an existing file.")
    var force = false

    @Flag(help: "Print the file's URL with its signature, which is a secret until it expires.")
    var showURL = false

    func validate() throws {
        if out != nil, !wait { throw ValidationError("--out requires --wait.") }
        if let idempotencyID, UUID(uuidString: idempotencyID) == nil {
            throw ValidationError("--idempotency-id must be a UUID.")
        }
        _ = try DurationArgument.parse(timeout, "--timeout")
        _ = try selected()
    }

    func run() async throws {
        try await reportingErrors {
            let selected = try selected()
            try FileDownload.checkFolder(of: out)
            let settings = try options.common.settings()
            if let rewritten = selected.rewritten { Terminal.note("warning: --filter was rewritten to: \(rewritten)") }
            try FilterRule(settings).check(accounts: selected.text == nil ? [options.account] : [], "The export has")
            let limit = try DurationArgument.parse(timeout, "--timeout")
            try await ServiceAccess.with(settings, account: options.account) { service in
                let created = try await service.client.create(
                    kind: options.kind,
                    filter: selected.text,
                    fileFormat: format,
                    idempotencyID: idempotencyID.flatMap(UUID.init(uuidString:)) ?? UUID(),
                    correlationID: UUID()
                )
                guard wait else {
                    return try ExportDocument(created, showsURL: showURL).print(isJSON: options.outputOptions.isJSON)
                }
                Terminal.note("Queued as \(created.requestID).")
                let ready = try await service.waitUntilReady(options.kind, created.requestID, limit: limit)
                guard let out else {
                    return try ExportDocument(ready, showsURL: showURL).print(isJSON: options.outputOptions.isJSON)
                }
                try await FileDownload(service: service, kind: options.kind, isForced: force)
                    .run(ready, to: out, isJSON: options.outputOptions.isJSON)
            }
        }
    }

    private func selected() throws -> SelectedFilter {
        try SelectedFilter(
            selection,
            kind: options.kind,
            period: try selection.period(before: .today),
            isChecked: !isUnchecked
        )
    }
}

/// `export get`
struct ExportGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show an export.",
        discussion: """
              payout-worker export get --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
              payout-worker export get --kind payments --wait \\
                  93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
            """
    )

    @OptionGroup var options: ServiceOptions

    @Argument(help: "The export's request id.")
    var requestID: String

    @Flag(help: "Wait until the file is ready.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "24h"

    @Flag(help: "Print the file's URL with its signature, which is a secret until it expires.")
    var showURL = false

    func validate() throws { _ = try DurationArgument.parse(timeout, "--timeout") }

    func run() async throws {
        try await reportingErrors {
            let limit = try DurationArgument.parse(timeout, "--timeout")
            try await ServiceAccess.with(try options.common.settings(), account: options.account) { service in
                let export =
                    wait
                    ? try await service.waitUntilReady(options.kind, requestID, limit: limit)
                    : try await service.client.get(kind: options.kind, requestID: requestID, correlationID: UUID())
                try ExportDocument(export, showsURL: showURL).print(isJSON: options.outputOptions.isJSON)
            }
        }
    }
}

/// `export delete`
struct ExportDeleteCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an export at the service, which refuses this while the export is processed.",
        discussion: """
              payout-worker export delete --kind payments \\
                  93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
            """
    )

    @OptionGroup var options: ServiceOptions

    @Argument(help: "The export's request id.")
    var requestID: String

    func run() async throws {
        try await reportingErrors {
            try await ServiceAccess.with(try options.common.settings(), account: options.account) { service in
                try await service.client.delete(kind: options.kind, requestID: requestID, correlationID: UUID())
                Terminal.result(
                    options.outputOptions.isJSON
                        ? try JSONText.document(["requestId": requestID, "outcome": "deleted"])
                        : "Deleted \(requestID)."
                )
            }
        }
    }
}

/// `export download`
struct ExportDownloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "download",
        abstract: "Download an export's file.",
        discussion: """
              payout-worker export download --kind payments \\
                  93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
              payout-worker export download --kind payments --out - \\
                  93c2b3cf-c6d8-4e7e-ade1-007768a6eba4 | head
            """
    )

    @OptionGroup var options: ServiceOptions

    @Argument(help: "The export's request id.")
    var requestID: String

    @Option(
        help: ArgumentHelp(
            "A folder, or the path to store the file at; - for standard output. Default: its own name in this folder.",
            valueName: "file"
        )
    )
    var out: String?

    @Flag(help: "Replace an existing file.")
    var force = false

    @Flag(help: "Wait until the file is ready.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "24h"

    func validate() throws { _ = try DurationArgument.parse(timeout, "--timeout") }

    func run() async throws {
        try await reportingErrors {
            let limit = wait ? try DurationArgument.parse(timeout, "--timeout") : .zero
            try await ServiceAccess.with(try options.common.settings(), account: options.account) { service in
                let export = try await service.waitUntilReady(options.kind, requestID, limit: limit)
                try await FileDownload(service: service, kind: options.kind, isForced: force)
                    .run(export, to: out, isJSON: options.outputOptions.isJSON)
            }
        }
    }
}
