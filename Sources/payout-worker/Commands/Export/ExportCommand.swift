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
            Without a filter the export covers three years. --from, --to and --participant build a filter. The service \
            takes up to 24 hours; with --wait the command polls until the file is ready.

              payout-worker export create --kind payments --from 2026-01-01 --to 2026-03-31
              payout-worker export create --kind transactionHistory --filter "payoutStatus eq 'SENT'" --format tsv
              payout-worker export create --kind payments --from 2026-01-01 --wait --out payments.csv
            """
    )

    @OptionGroup var options: ServiceOptions
    @OptionGroup var filterOptions: FilterOptions

    @Option(help: "File format: csv or tsv.")
    var format: ExportFileFormat = .csv

    @Option(help: "Idempotency id, a UUID: the service treats the same id as the same request. Default: a random id.")
    var idempotencyID: String?

    @Flag(help: "Wait until the file is ready.")
    var wait = false

    @Option(help: ArgumentHelp("How long to wait.", valueName: "duration"))
    var timeout: String = "24h"

    @Option(
        help: ArgumentHelp("With --wait: path to store the file at; - for standard output.", valueName: "file")
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
        _ = try filterOptions.text(options.kind)
    }

    func run() async throws {
        try await reportingErrors {
            let filter = try filterOptions.text(options.kind)
            let limit = try DurationArgument.parse(timeout, "--timeout")
            try await ServiceAccess.with(try options.common.settings(), account: options.account) { service in
                let created = try await service.client.create(
                    kind: options.kind,
                    filter: filter,
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
}

/// The flags that define a filter.
struct FilterOptions: ParsableArguments {
    @Option(help: "OData filter.")
    var filter: String?

    @Option(help: ArgumentHelp("From this day or time.", valueName: "date"))
    var from: String?

    @Option(help: ArgumentHelp("Up to this day or time.", valueName: "date"))
    var to: String?

    @Option(help: "Participant: an MPN id or seller id.")
    var participant: String?

    @Flag(name: .customLong("no-check"), help: "Send the filter without checking it.")
    var isUnchecked = false

    func text(_ kind: PayoutKind) throws -> String? {
        let isBuilt = from != nil || to != nil || participant != nil
        if let filter {
            if isBuilt { throw ValidationError("Use either --filter or --from, --to and --participant.") }
            let errors = isUnchecked ? [] : ODataFilter.lint(filter, for: kind).filter { $0.severity == .error }
            guard errors.isEmpty else {
                let text = errors.map { "\($0)" }.joined(separator: "; ")
                throw ValidationError("--filter: \(text). To send it without the check, use --no-check.")
            }
            return filter
        }
        let (from, to) = (try date(from, "--from"), try date(to, "--to"))
        switch kind {
        case .transactionHistory:
            return PayoutFilter.all(
                [
                    from.map(TransactionHistory.earningForDate.ge), to.map(TransactionHistory.earningForDate.le),
                    participant.map { TransactionHistory.enrollmentParticipantId.eq(.text($0)) },
                ].compactMap(\.self)
            )?.text
        case .payments:
            return PayoutFilter.all(
                [
                    from.map(Payments.paymentDate.ge), to.map(Payments.paymentDate.le),
                    participant.map { Payments.enrollmentParticipantId.eq(.text($0)) },
                ].compactMap(\.self)
            )?.text
        }
    }

    private func date(_ text: String?, _ flag: String) throws -> FilterDate? {
        guard let text else { return nil }
        guard let date = FilterDate(text) else {
            throw ValidationError("\(flag) must be a day such as 2026-03-01 or a time such as 2026-03-01T09:30:00Z.")
        }
        return date
    }
}

/// `export get`
struct ExportGetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "get",
        abstract: "Show an export.",
        discussion: """
              payout-worker export get --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
              payout-worker export get --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4 --wait
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
              payout-worker export delete --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
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
              payout-worker export download --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4
              payout-worker export download --kind payments 93c2b3cf-c6d8-4e7e-ade1-007768a6eba4 --out - | head
            """
    )

    @OptionGroup var options: ServiceOptions

    @Argument(help: "The export's request id.")
    var requestID: String

    @Option(
        help: ArgumentHelp(
            "Path to store the file at; - for standard output. Default: its own name in this directory.",
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
