import Crypto
public import ExportCore
public import Foundation

extension UUID {
    /// The namespace of the ids that this worker creates. It was chosen at random and must never change.
    private static let workerNamespace: [UInt8] = [
        0x5d, 0x0c, 0x3a, 0x4e, 0x91, 0x7b, 0x4f, 0x26, 0x8e, 0x55, 0x1f, 0xc9, 0x60, 0x2d, 0xb4, 0x78,
    ]

    /// A name-based UUID, version 5 (RFC 9562, section 5.5): the same name yields the same id on every machine.
    public init(workerName name: String) {
        var bytes = Insecure.SHA1.hash(data: Self.workerNamespace + name.utf8)
            .withUnsafeBytes { $0.loadUnaligned(as: uuid_t.self) }
        bytes.6 = bytes.6 & 0x0f | 0x50
        bytes.8 = bytes.8 & 0x3f | 0x80
        self.init(uuid: bytes)
    }

    /// The idempotency id (`ms-requestid`) of a job's attempt: the same after a crash, another one for each attempt. A
    /// job id that is enqueued again after it was forgotten gets another one too. Otherwise a service that remembers
    /// ids for longer than the deduplication window would return the old export.
    ///
    /// - Parameter accepted: When the job was accepted, as its record says; `nil` for a record of an older worker,
    ///   which did not include this time.
    public static func idempotencyID(job: String, attempt: Int, accepted: Instant?) -> UUID {
        // A job id has no line feed, so names are unique.
        let suffix = accepted.map { "\n\($0.milliseconds)" } ?? ""
        return UUID(workerName: "request\n\(job)\n\(attempt)\(suffix)")
    }

    /// The correlation id (`ms-correlationid`) of a job.
    public static func correlationID(job: String) -> UUID { UUID(workerName: "correlation\n\(job)") }
}
