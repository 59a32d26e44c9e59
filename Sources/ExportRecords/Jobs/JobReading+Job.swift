import ExportCore
import Primitives

/// Where a job document's fields are. Null is the same as absent; of a duplicate name the last one counts.
private struct JobFields {
    var jobID: JSONToken?
    var action: JSONToken?
    var kind: JSONToken?
    var filter: JSONToken?
    var fileFormat: JSONToken?
    var account: JSONToken?
    var notBefore: JSONToken?
    var deadline: JSONToken?
    var maxAttempts: JSONToken?
    var requestID: JSONToken?
    var metadata: JSONToken?
    var batch: JSONToken?
    var retryOf: JSONToken?
    var until: JSONToken?
    var reason: JSONToken?
    var calls: JSONToken?

    /// Stores a member's place, if jobs have a member of that name.
    mutating func set(_ name: UnsafeBufferPointer<UInt8>, to value: JSONToken) {
        let value = value.kind == .null ? nil : value
        switch name.count {
        case 4: if name.isEqual(to: "kind") { kind = value }
        case 5:
            if name.isEqual(to: "jobId") { jobID = value }
            if name.isEqual(to: "batch") { batch = value }
            if name.isEqual(to: "until") { until = value }
            if name.isEqual(to: "calls") { calls = value }
        case 6:
            if name.isEqual(to: "filter") { filter = value }
            if name.isEqual(to: "action") { action = value }
            if name.isEqual(to: "reason") { reason = value }
        case 7:
            if name.isEqual(to: "account") { account = value }
            if name.isEqual(to: "retryOf") { retryOf = value }
        case 8:
            if name.isEqual(to: "metadata") { metadata = value }
            if name.isEqual(to: "deadline") { deadline = value }
        case 9:
            if name.isEqual(to: "notBefore") { notBefore = value }
            if name.isEqual(to: "requestId") { requestID = value }
        case 10: if name.isEqual(to: "fileFormat") { fileFormat = value }
        case 11: if name.isEqual(to: "maxAttempts") { maxAttempts = value }
        default: break
        }
    }
}

extension JobReading {
    /// Reads a job document.
    mutating func readJob(_ scanner: JSONScanner) {
        var scanner = scanner
        var fields = JobFields()
        do {
            guard try enterDocument(&scanner) else { return }
            var isFirst = true
            while let key = try scanner.nextKey(isFirst: &isFirst) {
                let value = try scanner.value()
                scanner.withText(key) { fields.set($0, to: value) }
            }
            try scanner.finish()
        } catch {
            setFault(error, in: scanner)
            // The text before the fault is valid, so an id in it can be reported in the rejection.
            jobID = readJobID(fields.jobID, in: scanner)
            errors = []
            return
        }
        interpret(fields, in: scanner)
    }

    /// Enters the object that a document must be.
    mutating func enterDocument(_ scanner: inout JSONScanner) throws(JSONSyntaxError) -> Bool {
        guard let kind = scanner.nextKind() else {
            throw JSONSyntaxError(scanner.index == scanner.end ? .empty : .unexpectedByte, at: scanner.index)
        }
        guard kind == .object else {
            // Only a complete document can have the wrong type; anything else is not JSON.
            let token = try scanner.value()
            try scanner.finish()
            fault = "the document must be a JSON object, not \(token.noun)"
            return false
        }
        scanner.enter()
        return true
    }

    mutating func setFault(_ problem: JSONSyntaxError, in scanner: JSONScanner) {
        let isUTF8 = problem.problem != .notUTF8 && String(validating: scanner.bytes, as: UTF8.self) != nil
        fault =
            isUTF8
            ? "the value is not JSON: \(problem.message)"
            : "the value is not UTF-8; a job is a JSON document in UTF-8"
    }

    private mutating func interpret(_ fields: JobFields, in scanner: JSONScanner) {
        if let action = fields.action, action.isString, let control = ControlAction(rawValue: scanner.text(action)) {
            return readControl(control, fields, in: scanner)
        }
        jobID = readJobID(fields.jobID, in: scanner)
        var isKindOptional = false
        if let action = readChoice(fields.action, "action", in: scanner, Self.actions, \.self) {
            guard action == "export" else {
                command = .cancel
                return
            }
        } else {
            // An action that cannot be read may have been meant as a cancel command.
            isKindOptional = fields.action != nil
        }
        let kind = readChoice(fields.kind, "kind", in: scanner, ExportKind.allCases, \.name)
        if fields.kind == nil, !isKindOptional { addError("kind", "is required: transactionHistory or payments") }
        let filter = readFilter(fields.filter, kind: kind, in: scanner)
        let format = readChoice(fields.fileFormat, "fileFormat", in: scanner, FileFormat.allCases, \.name)
        let account = readAccount(fields.account, in: scanner, meaning: "the default account")
        let notBefore = readDate(fields.notBefore, "notBefore", in: scanner)
        let deadline = readDate(fields.deadline, "deadline", in: scanner)
        if let notBefore, let deadline, deadline < notBefore { addError("deadline", "must not be before notBefore") }
        let maxAttempts = readMaxAttempts(fields.maxAttempts, in: scanner)
        let requestID = readRequestID(fields.requestID, in: scanner)
        let metadata = readMetadata(fields.metadata, in: scanner)
        let batch = readBatch(fields.batch, in: scanner)
        let retryOf = readRetryOf(fields.retryOf, in: scanner)

        guard errors.isEmpty, let jobID, let kind else { return }
        job = ExportJob(
            id: jobID,
            kind: kind,
            filter: filter,
            fileFormat: format ?? .csv,
            account: account ?? "default",
            notBefore: notBefore,
            deadline: deadline,
            maxAttempts: maxAttempts ?? 3,
            adoptedRequestID: requestID,
            metadataJSON: metadata,
            batch: batch,
            retryOf: retryOf
        )
    }

    /// A command that concerns no single job.
    private mutating func readControl(_ action: ControlAction, _ fields: JobFields, in scanner: JSONScanner) {
        let account = readAccount(fields.account, in: scanner, meaning: "all accounts")
        let kind = readChoice(fields.kind, "kind", in: scanner, ExportKind.allCases, \.name)
        let target = PauseTarget(account: account, kind: kind)
        guard action == .pause else { return command = .resume(target) }
        let pause = JobPause(
            target: target,
            until: readDate(fields.until, "until", in: scanner),
            reason: readReason(fields.reason, in: scanner),
            holdsCalls: readBoolean(fields.calls, "calls", in: scanner) ?? false
        )
        command = .pause(pause)
    }

    /// The actions of a job document.
    private static let actions = ["export", "cancel"] + ControlAction.allCases.map(\.rawValue)
}

/// The actions that concern no single job.
private enum ControlAction: String, CaseIterable {
    case pause, resume
}
