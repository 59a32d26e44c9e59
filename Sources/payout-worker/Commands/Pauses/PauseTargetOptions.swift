import ArgumentParser
import ExportCore
import ExportRecords

/// Which jobs a command pauses or resumes.
struct PauseTargetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Only jobs of this account.", valueName: "name"))
    var account: String?

    @Option(help: "Only jobs of this kind: transactionHistory or payments.")
    var kind: String?

    func validate() throws {
        if let account, account.isEmpty || account.utf8.count > JobLimits.accountBytes {
            throw ValidationError("--account must have 1 to \(JobLimits.accountBytes) bytes.")
        }
        if kind != nil, exportKind == nil {
            throw ValidationError("--kind must be transactionHistory or payments.")
        }
    }

    private var exportKind: ExportKind? { kind.flatMap { ExportKind(name: $0) } }

    var target: PauseTarget { PauseTarget(account: account, kind: exportKind) }
}
