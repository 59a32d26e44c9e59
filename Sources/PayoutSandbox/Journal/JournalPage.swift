import Primitives

/// Some of the journal's lines. The journal is read in pages, so that a long one neither delays the service nor has to
/// fit into memory as text.
struct JournalPage: Sendable {
    /// How the journal is written.
    enum Form: Sendable {
        /// One JSON document: the statistics and the exports.
        case document
        /// One JSON object per line and export.
        case lines
    }

    static let exportsPerPage = 500

    var bytes: [UInt8] = []
    /// Where the next page begins; nil when this was the last.
    var next: Int?
}

extension ServiceState {
    typealias Facts = PayoutSandbox.ExportFacts

    /// The page of the journal that begins at an export.
    func journalPage(from start: Int, form: JournalPage.Form) -> JournalPage {
        var page = JournalPage()
        let now = now
        let end = min(store.records.count, start + JournalPage.exportsPerPage)
        if form == .document, start == 0 {
            page.bytes.appendText("{\"stats\":")
            page.bytes.append(contentsOf: statsJSON())
            page.bytes.appendText(",\"exports\":[")
        }
        if start < end {
            for index in start..<end {
                if form == .document, index > 0 { page.bytes.appendText(",") }
                page.bytes += factsJSON(at: index, now: now)
                if form == .lines { page.bytes.appendText("\n") }
            }
        }
        page.next = end < store.records.count ? end : nil
        if form == .document, page.next == nil { page.bytes.appendText("]}") }
        return page
    }

    /// The facts of one export.
    func facts(at index: Int, now: Timestamp) -> Facts {
        let record = store[index]
        let entry = record.idempotencyID.flatMap { store.entry(account: record.account, idempotencyID: $0) }
        return Facts(
            requestID: record.id.text,
            kind: record.kind,
            account: configuration.accounts[Int(record.account)].name,
            fileFormat: record.fileExtension,
            filter: record.filter,
            idempotencyID: record.idempotencyID?.text,
            correlationID: record.correlationID?.text,
            exportsOfIdempotencyID: entry.map { Int($0.exports) } ?? 1,
            requestsOfIdempotencyID: entry.map { Int($0.requests) } ?? 1,
            created: record.created.nanosecondsSinceEpoch,
            processingStart: record.processingStart.nanosecondsSinceEpoch,
            finished: record.finished.nanosecondsSinceEpoch,
            state: record.state(at: now),
            looks: Int(record.looks),
            downloads: Int(record.downloads),
            completedDownloads: Int(record.completedDownloads)
        )
    }

    /// The facts of one export as JSON.
    func factsJSON(at index: Int, now: Timestamp) -> [UInt8] {
        let facts = facts(at: index, now: now)
        let record = store[index]
        var writer = JSONWriter(capacity: 1_024)
        writer.object { writer in
            writer.member("requestId", facts.requestID)
            writer.member("kind", facts.kind == .transactionHistory ? "transactionHistory" : "payments")
            writer.member("account", facts.account)
            writer.member("fileFormat", facts.fileFormat)
            writer.member("filter", facts.filter)
            writer.member("idempotencyId", facts.idempotencyID)
            writer.member("correlationId", facts.correlationID)
            writer.member("created", record.created.serviceText)
            writer.member("processingStart", record.processingStart.serviceText)
            writer.member("finished", record.finished.serviceText)
            writer.member("state", facts.state.rawValue)
            writer.member("exportsOfIdempotencyId", facts.exportsOfIdempotencyID)
            writer.member("requestsOfIdempotencyId", facts.requestsOfIdempotencyID)
            writer.member("looks", facts.looks)
            writer.member("downloads", facts.downloads)
            writer.member("completedDownloads", facts.completedDownloads)
        }
        return writer.bytes
    }

    /// The statistics as JSON.
    func statsJSON() -> [UInt8] {
        var writer = JSONWriter(capacity: 1_024)
        writer.object { writer in
            writer.key("answers")
            writer.object { writer in
                for call in Call.allCases {
                    writer.key(escaping: call.rawValue)
                    writer.object { $0.counts(stats.answers[call, default: [:]].sorted { $0.key < $1.key }) }
                }
            }
            writer.key("faults")
            writer.object { $0.counts(stats.faults.sorted { $0.key < $1.key }) }
            writer.counts([
                ("exportsCreated", stats.exportsCreated), ("duplicateExports", stats.duplicateExports),
                ("repeatedCreates", stats.repeatedCreates), ("idempotencyConflicts", stats.idempotencyConflicts),
                ("createsWithoutIdempotencyId", stats.createsWithoutIdempotencyID),
                ("exportsDeleted", stats.exportsDeleted), ("deletesRefused", stats.deletesRefused),
                ("rateLimited", stats.rateLimited), ("tokensIssued", stats.tokensIssued),
                ("signInsRefused", stats.signInsRefused), ("mfaRefused", stats.mfaRefused),
                ("authorizationLeaks", stats.authorizationLeaks),
                ("downloads", stats.downloads), ("completedDownloads", stats.completedDownloads),
                ("blobBytes", stats.blobBytes),
            ])
        }
        return writer.bytes
    }
}

extension JSONWriter {
    /// Members that are numbers.
    fileprivate mutating func counts(_ counts: [(key: some CustomStringConvertible, value: Int)]) {
        for (name, number) in counts {
            key(escaping: "\(name)")
            integer(number)
        }
    }
}
