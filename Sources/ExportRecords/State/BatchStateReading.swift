import ExportCore

/// Reads the end of a batch.
///
/// The numbers are those of the fields in schemas/state.proto.
struct BatchStateReading {
    private var size = 0
    /// A number that this build may not know.
    private var status: Int32 = 0
    private var ended: Int64 = 0
    private var published: Int64?

    /// Reads the fields of `BatchState`.
    mutating func read(_ reader: WireReader) throws(WireError) {
        var reader = reader
        while let field = try reader.next() {
            switch field {
            case (1, .varint): size = Int(try reader.integer(UInt32.self))
            case (2, .varint): status = try reader.integer()
            case (3, .varint): ended = try reader.integer()
            case (4, .varint): published = try reader.integer()
            default: try reader.skip(field)
            }
        }
    }

    /// The record of the batch with this id.
    func finish(id: String, key: String) throws(StateDecodingError) -> JobBatchRecord {
        JobBatchRecord(
            batch: JobBatch(id: id, size: size),
            status: try JobStateReading.known(status, "batch.status", key),
            ended: Instant(milliseconds: ended),
            published: published.map { Instant(milliseconds: $0) }
        )
    }
}
