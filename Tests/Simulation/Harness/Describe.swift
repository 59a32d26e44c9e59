import ExportCore

func describe(_ event: WorkerEvent) -> String {
    switch event {
    case .restored(let partition, let epoch, let records):
        "restored \(partition)@\(epoch): \(records.map { describe($0) }.joined(separator: "; "))"
    case .received(let partition, let epoch, let inputs):
        "received \(partition)@\(epoch): \(inputs.map { "\($0.offset) \(describe($0.content))" }.joined(separator: "; "))"
    case .answered(let token, let result): "answered \(describe(token)): \(result)"
    default: "\(event)"
    }
}

func describe(_ action: WorkerAction) -> String {
    switch action {
    case .commit(let batch):
        "commit \(batch.id) at \(batch.positions.map { "\($0.partition)@\($0.epoch):\($0.offset)" }): "
            + batch.records.map { describe($0) }.joined(separator: "; ")
    case .call(let call):
        "call \(describe(call.token)): \(call.job.id), attempt \(call.attempt), \(call.requestID ?? "no request id")"
    case .report(.ended(let partition, let event)): "report: \(partition) ended \(event.jobID) \(event.status)"
    default: "\(action)"
    }
}

func describe(_ token: CallToken) -> String { "\(token.kind) \(token.partition)@\(token.epoch)" }

func describe(_ record: OutputRecord) -> String {
    switch record {
    case .state(let partition, let record): "\(partition): \(describe(record))"
    case .event(let partition, let event):
        "\(partition): EVENT \(event.jobID) \(event.status) \(event.error.map { "\($0.code)" } ?? "")"
    case .batchEvent(let partition, let event):
        "\(partition): BATCH EVENT \(event.batch.id) \(event.status) \(event.members.map(\.jobID))"
    case .deadLetter(let letter): "\(letter.partition): DEAD LETTER \(letter.offset)"
    }
}

func describe(_ record: StateRecord) -> String {
    switch record {
    case .job(let record):
        "\(record.job.id) \(record.phase) attempt \(record.attempt) \(record.requestID ?? "-") "
            + "\(record.status.map { "\($0)" } ?? "") \(record.cleanup == .none ? "" : "\(record.cleanup)")"
    case .forgotten(let id): "\(id) forgotten"
    case .batch(let record):
        "batch \(record.batch.id) \(record.status) \(record.published == nil ? "closed" : "published")"
    case .batchForgotten(let id): "batch \(id) forgotten"
    case .pauses(let pauses): "pauses \(pauses.map { describe($0) })"
    case .position(let position): "position \(position.generation)/\(position.offset)"
    case .origin(let origin): "origin \(origin.position.generation)/\(origin.position.offset)"
    }
}

func describe(_ pause: JobPause) -> String {
    "\(pause.target.account ?? "all") \(pause.target.kind.map { "\($0)" } ?? "all") until \(pause.until?.milliseconds ?? 0)"
        + (pause.holdsCalls ? " with calls" : "")
}

func describe(_ content: JobInput.Content) -> String {
    switch content {
    case .export(let job):
        "\(job.id) \(job.batch.map { "of \($0.id)/\($0.size) " } ?? "")account \(job.account) filter \(job.filter ?? "-") \(job.adoptedRequestID.map { "adopts \($0)" } ?? "") "
            + "notBefore \(job.notBefore?.milliseconds ?? 0) deadline \(job.deadline?.milliseconds ?? 0)"
    case .cancel(let id, _): "cancel \(id)"
    case .pause(let pause): "pause \(describe(pause))"
    case .resume(let target): "resume \(describe(JobPause(target: target)))"
    case .unreadable(let id, _, _, _): "unreadable \(id ?? "")"
    }
}
