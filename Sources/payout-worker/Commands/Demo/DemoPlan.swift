import ExportCore
import ExportRecords

/// The jobs that the demo enqueues.
struct DemoPlan: Sendable {
    /// The jobs, each with a different filter.
    let jobs: [ExportJob]
    /// The job that is enqueued twice.
    var repeated: ExportJob { jobs[0] }
    /// The id of the job with an invalid document.
    let invalidID = "demo-invalid"

    init(jobs count: Int) {
        let metadata = JobEncoder().metadataJSON(["requestedBy": "demo"])
        jobs = (1...count).map { number in
            let kind: ExportKind = number % 2 == 0 ? .payments : .transactionHistory
            return ExportJob(
                id: "demo-\(number < 10 ? "0" : "")\(number)",
                kind: kind,
                filter: GeneratedFilter.text(number, kind),
                fileFormat: number / 2 % 2 == 0 ? .csv : .tsv,
                metadataJSON: metadata
            )
        }
    }

    /// The records, in the order in which they are sent.
    var records: [PreparedJob] {
        let encoder = JobEncoder()
        var records = jobs.map { PreparedJob(id: $0.id, record: encoder.encode($0)) }
        records.append(PreparedJob(id: repeated.id, record: encoder.encode(repeated)))
        let document = #"{"jobId":"\#(invalidID)","kind":"invoices","filter":"payoutStatusUpdateTS ge yesterday"}"#
        records.append(
            PreparedJob(
                id: invalidID,
                record: OutgoingRecord(
                    key: Array(invalidID.utf8),
                    value: Array(document.utf8),
                    headers: [OriginalRecord.Header(name: "content-type", value: Array("application/json".utf8))]
                )
            )
        )
        return records
    }

    /// The ids of the expected completion events.
    var ids: Set<String> { Set(jobs.map(\.id) + [invalidID]) }
}
