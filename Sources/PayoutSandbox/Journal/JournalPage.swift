/// Some of the journal's lines. The journal is read in pages, so that a long one neither holds up the service nor has to
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
                appendFacts(at: index, now: now, to: &page.bytes)
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
            created: record.created.nanoseconds,
            processingStart: record.processingStart.nanoseconds,
            finished: record.finished.nanoseconds,
            state: record.state(at: now),
            looks: Int(record.looks),
            downloads: Int(record.downloads),
            completedDownloads: Int(record.completedDownloads)
        )
    }

    func appendFacts(at index: Int, now: Timestamp, to bytes: inout [UInt8]) {
        let facts = facts(at: index, now: now)
        let record = store[index]
        func member(_ name: String, _ text: String?) {
            bytes.appendText(",\"\(name)\":")
            if let text { bytes.appendJSONString(text) } else { bytes.appendText("null") }
        }
        bytes.appendText("{\"requestId\":")
        bytes.appendJSONString(record.id)
        member("kind", facts.kind == .transactionHistory ? "transactionHistory" : "payments")
        member("account", facts.account)
        member("fileFormat", facts.fileFormat)
        member("filter", facts.filter)
        member("idempotencyId", facts.idempotencyID)
        member("correlationId", facts.correlationID)
        member("created", record.created.serviceText)
        member("processingStart", record.processingStart.serviceText)
        member("finished", record.finished.serviceText)
        member("state", facts.state.rawValue)
        let numbers = [
            ("exportsOfIdempotencyId", facts.exportsOfIdempotencyID),
            ("requestsOfIdempotencyId", facts.requestsOfIdempotencyID),
            ("looks", facts.looks), ("downloads", facts.downloads),
            ("completedDownloads", facts.completedDownloads),
        ]
        for (name, number) in numbers { bytes.appendText(",\"\(name)\":\(number)") }
        bytes.appendText("}")
    }

    /// The statistics as JSON.
    func statsJSON() -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.appendText("{\"answers\":{")
        for (position, call) in Call.allCases.enumerated() {
            bytes.appendText("\(position > 0 ? "," : "")\"\(call.rawValue)\":{")
            let counts = stats.answers[call, default: [:]].sorted { $0.key < $1.key }
            bytes.appendText(counts.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))
            bytes.appendText("}")
        }
        bytes.appendText("},\"faults\":{")
        let faults = stats.faults.sorted { $0.key < $1.key }
        bytes.appendText(faults.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ","))
        bytes.appendText("}")
        let numbers = [
            ("exportsCreated", stats.exportsCreated), ("duplicateExports", stats.duplicateExports),
            ("repeatedCreates", stats.repeatedCreates), ("idempotencyConflicts", stats.idempotencyConflicts),
            ("createsWithoutIdempotencyId", stats.createsWithoutIdempotencyID),
            ("exportsDeleted", stats.exportsDeleted), ("deletesRefused", stats.deletesRefused),
            ("rateLimited", stats.rateLimited), ("tokensIssued", stats.tokensIssued),
            ("signInsRefused", stats.signInsRefused), ("authorizationLeaks", stats.authorizationLeaks),
            ("downloads", stats.downloads), ("completedDownloads", stats.completedDownloads),
            ("blobBytes", stats.blobBytes),
        ]
        for (name, number) in numbers { bytes.appendText(",\"\(name)\":\(number)") }
        bytes.appendText("}")
        return bytes
    }
}
