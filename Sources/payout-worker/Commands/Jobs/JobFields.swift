import ArgumentParser

/// The flags that define one job.
struct JobFields: ParsableArguments {
    @Option(help: "Kind of export: transactionHistory or payments.")
    var kind: String?

    @Option(name: .customLong("format"), help: "File format: csv or tsv. Default: csv.")
    var fileFormat: String?

    @Option(help: "Name of the configured account. Default: default.")
    var account: String?

    @Option(
        name: .customLong("job-id"),
        help: ArgumentHelp(
            """
            Idempotency key: enqueuing the same id again does not run the job again. Default: derived from the selection \
            if you use one of the selection's flags other than --filter, otherwise a random id.
            """
        )
    )
    var jobID: String?

    @Option(help: ArgumentHelp("Earliest submission: RFC 3339, or a duration from now.", valueName: "time"))
    var notBefore: String?

    @Option(help: ArgumentHelp("Time after which the job fails: RFC 3339, or a duration from now.", valueName: "time"))
    var deadline: String?

    @Option(help: "How many exports to try if the service ends them as Failed. Default: 3.")
    var maxAttempts: Int?

    @Option(
        name: .customLong("request-id"),
        help: "Adopt this existing export at the service instead of submitting one."
    )
    var requestID: String?

    @Option(
        help: ArgumentHelp(
            "Metadata that is passed through to the completion event. Repeatable.",
            valueName: "key=value"
        )
    )
    var metadata: [String] = []

    @OptionGroup(title: "Selection") var selection: SelectionOptions

    var isEmpty: Bool {
        kind == nil && selection.isEmpty && fileFormat == nil && account == nil && jobID == nil && notBefore == nil
            && deadline == nil && maxAttempts == nil && requestID == nil && metadata.isEmpty
    }
}
