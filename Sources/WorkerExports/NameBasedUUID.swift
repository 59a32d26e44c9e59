import Crypto
public import ExportCore
public import Foundation

extension UUID {
    /// The namespace of the ids that this worker makes; random once, fixed for ever.
    private static let workerNamespace: [UInt8] = [
        0x5d, 0x0c, 0x3a, 0x4e, 0x91, 0x7b, 0x4f, 0x26, 0x8e, 0x55, 0x1f, 0xc9, 0x60, 0x2d, 0xb4, 0x78,
    ]

    /// A name-based UUID, version 5 (RFC 9562, section 5.5): the same name yields the same id on every machine.
    public init(workerName name: String) {
        var hash = Insecure.SHA1()
        hash.update(data: Self.workerNamespace)
        hash.update(data: Array(name.utf8))
        var bytes = Array(hash.finalize().prefix(16))
        bytes[6] = bytes[6] & 0x0f | 0x50
        bytes[8] = bytes[8] & 0x3f | 0x80
        self = bytes.withUnsafeBytes { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }

    /// The idempotency id (`ms-requestid`) of a job's attempt: the same after a crash, another for another attempt, and
    /// another when the id is enqueued again after it was forgotten: a service with a longer memory than the
    /// deduplication window would hand out the old export.
    ///
    /// - Parameter accepted: When this life of the job began, as its record says; `nil` for a record of a worker that
    ///   did not name requests by it.
    public static func idempotencyID(job: String, attempt: Int, accepted: Instant?) -> UUID {
        // A job id holds no line feed, so two names are never the same.
        let life = accepted.map { "\n\($0.milliseconds)" } ?? ""
        return UUID(workerName: "request\n\(job)\n\(attempt)\(life)")
    }

    /// The correlation id (`ms-correlationid`) of a job.
    public static func correlationID(job: String) -> UUID { UUID(workerName: "correlation\n\(job)") }
}
