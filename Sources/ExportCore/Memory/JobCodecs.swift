/// A compact encoding of ``ExportJob``, with the id first so that a look-up compares without decoding.
enum JobSpecCodec {
    /// Bytes of a usual job.
    private static let capacity = 160

    /// The encoded id: the prefix of every encoded job with that id.
    static func key(_ id: String) -> [UInt8] {
        var writer = PackedWriter(capacity: capacity)
        writer.write(id)
        return writer.bytes
    }

    static func starts(_ spec: UnsafeRawBufferPointer, with key: [UInt8]) -> Bool {
        spec.count >= key.count && spec.prefix(key.count).elementsEqual(key)
    }

    static func encode(_ job: ExportJob, batch: JobBatchTable.Index? = nil) -> [UInt8] {
        encode(job, after: key(job.id), batch: batch)
    }

    /// Encodes a job; of its batch only the place, in the last four bytes.
    ///
    /// - Parameters:
    ///   - key: the job's encoded id.
    ///   - batch: the place of the job's batch.
    static func encode(_ job: ExportJob, after key: consuming [UInt8], batch: JobBatchTable.Index?) -> [UInt8] {
        var writer = PackedWriter(after: key)
        writer.write(byte: job.kind.rawValue)
        writer.write(byte: job.fileFormat.rawValue)
        writer.write(job.filter)
        writer.write(job.account == "default" ? nil : job.account)
        writer.write(job.notBefore)
        writer.write(job.deadline)
        writer.write(integer: Int64(job.maxAttempts))
        writer.write(job.adoptedRequestID)
        writer.write(job.metadataJSON)
        writer.write(job.trace?.parent)
        writer.write(job.trace?.state)
        writer.write(job.retryOf)
        if let batch { writer.write(place: batch) }
        return writer.bytes
    }

    /// The place of the job's batch, in the encoding of a job that has one.
    static func batch(_ bytes: UnsafeRawBufferPointer) -> JobBatchTable.Index {
        bytes.loadUnaligned(fromByteOffset: bytes.count - 4, as: JobBatchTable.Index.self)
    }

    /// Whether the id or the metadata contains the text.
    static func contains(_ text: SearchText, in spec: UnsafeRawBufferPointer) -> Bool {
        var reader = PackedReader(spec)
        if reader.withText({ text.isFound(in: $0) }) ?? false { return true }
        // The order is that of `encode`.
        (_, _) = (reader.byte(), reader.byte())
        for _ in 0..<2 { reader.withText { _ in } }
        for _ in 0..<2 { _ = reader.instant() }
        _ = reader.integer()
        reader.withText { _ in }
        return reader.withText { text.isFound(in: $0) } ?? false
    }

    /// Whether the job names this account. Passes over the parts before it without reading them.
    static func isOf(account name: String, _ spec: UnsafeRawBufferPointer) -> Bool {
        var reader = PackedReader(spec)
        // The order is that of `encode`.
        reader.withText { _ in }
        (_, _) = (reader.byte(), reader.byte())
        reader.withText { _ in }
        return reader.withText { $0.elementsEqual(name.utf8) } ?? (name == "default")
    }

    /// Decodes a job, without its batch.
    static func decode(_ bytes: UnsafeRawBufferPointer) -> ExportJob {
        var reader = PackedReader(bytes)
        let id = reader.string() ?? ""
        let kind = ExportKind(rawValue: reader.byte()) ?? .transactionHistory
        let format = FileFormat(rawValue: reader.byte()) ?? .csv
        var job = ExportJob(id: id, kind: kind, fileFormat: format)
        job.filter = reader.string()
        job.account = reader.string() ?? "default"
        job.notBefore = reader.instant()
        job.deadline = reader.instant()
        job.maxAttempts = Int(reader.integer())
        job.adoptedRequestID = reader.string()
        job.metadataJSON = reader.string()
        let parent = reader.string()
        let state = reader.string()
        job.trace = parent.map { TraceContext(parent: $0, state: state) }
        job.retryOf = reader.string()
        return job
    }
}

/// A compact encoding of the strings that a job gets while it runs.
struct JobDetails {
    var requestID: String?
    var blobURL: String?
    var error: JobError?
    var files: [ExportFile] = []

    var isEmpty: Bool { requestID == nil && blobURL == nil && error == nil && files.isEmpty }

    init() {}

    init(_ record: JobRecord) {
        requestID = record.requestID
        blobURL = record.blobURL
        error = record.error
        files = record.files
    }

    /// - Parameter columns: where the columns of files are shared.
    /// - Returns: the bytes, and whether they refer to shared columns.
    func encode(_ columns: inout SharedColumns) -> (bytes: [UInt8], sharesColumns: Bool) {
        var writer = PackedWriter(capacity: 32)
        writer.write(requestID)
        writer.write(blobURL)
        writer.write(byte: error?.code.rawValue ?? 0)
        if let error {
            writer.write(error.message)
            writer.write(integer: Int64(error.details.count))
            for detail in error.details {
                writer.write(detail.field)
                writer.write(detail.message)
            }
        }
        writer.write(integer: Int64(files.count))
        var sharesColumns = false
        for file in files where Self.encode(file, requestID, into: &writer, &columns) { sharesColumns = true }
        return (writer.bytes, sharesColumns)
    }

    init(_ bytes: UnsafeRawBufferPointer, _ columns: SharedColumns) {
        var used: [SharedColumns.Place] = []
        self.init(bytes, columns, &used)
    }

    /// The shared columns that encoded details refer to.
    static func sharedColumns(in bytes: UnsafeRawBufferPointer, _ columns: SharedColumns) -> [SharedColumns.Place] {
        var used: [SharedColumns.Place] = []
        _ = JobDetails(bytes, columns, &used)
        return used
    }

    private init(_ bytes: UnsafeRawBufferPointer, _ columns: SharedColumns, _ used: inout [SharedColumns.Place]) {
        var reader = PackedReader(bytes)
        requestID = reader.string()
        blobURL = reader.string()
        if let code = JobErrorCode(rawValue: reader.byte()) {
            let message = reader.string() ?? ""
            let details = (0..<reader.integer()).map { _ in
                FieldError(field: reader.string() ?? "", message: reader.string() ?? "")
            }
            error = JobError(code: code, message: message, details: details)
        }
        files = (0..<reader.integer()).map { _ in Self.decodeFile(&reader, requestID, columns, &used) }
    }

    /// Whether the request id contains the text.
    static func contains(_ text: SearchText, in details: UnsafeRawBufferPointer) -> Bool {
        var reader = PackedReader(details)
        return reader.withText { text.isFound(in: $0) } ?? false
    }

    /// Returns whether the bytes refer to shared columns.
    private static func encode(
        _ file: ExportFile,
        _ requestID: String?,
        into writer: inout PackedWriter,
        _ columns: inout SharedColumns
    ) -> Bool {
        let location = FileLocation(file.location, requestID, fileName: file.fileName)
        location.encode(into: &writer)
        writer.write(byte: file.stored ? 1 : 0)
        if !location.endsInFileName { writer.write(file.fileName) }
        writer.write(file.mediaType)
        writer.write(integer: file.sizeBytes ?? -1)
        writer.write(file.sha256)
        writer.write(file.expiresAt)
        writer.write(integer: Int64(file.entries.count))
        for entry in file.entries {
            writer.write(entry.name)
            writer.write(integer: entry.sizeBytes)
        }
        writer.write(byte: file.content == nil ? 0 : 1)
        return file.content.map { encode($0, into: &writer, &columns) } ?? false
    }

    private static func encode(
        _ content: FileContent,
        into writer: inout PackedWriter,
        _ columns: inout SharedColumns
    ) -> Bool {
        writer.write(integer: content.rows ?? -1)
        var place: SharedColumns.Place?
        if let names = content.columns, let digest = content.headerSHA256 {
            place = columns.share(names, digest: digest)
        }
        if let place {
            writer.write(integer: sharedMark)
            writer.write(place: place)
        } else {
            writer.write(integer: Int64(content.columns?.count ?? -1))
            for column in content.columns ?? [] { writer.write(column) }
            writer.write(content.headerSHA256)
        }
        writer.write(content.delimiter)
        writer.write(content.encoding)
        writer.write(byte: content.hasByteOrderMark ? 1 : 0)
        return place != nil
    }

    /// Stands for the number of columns where these are shared.
    private static let sharedMark: Int64 = -2

    private static func decodeFile(
        _ reader: inout PackedReader,
        _ requestID: String?,
        _ columns: SharedColumns,
        _ used: inout [SharedColumns.Place]
    ) -> ExportFile {
        let location = FileLocation(&reader, requestID)
        var file = ExportFile(location: location.text, stored: reader.byte() == 1, fileName: "")
        file.fileName = location.endsInFileName ? location.lastSegment : reader.string() ?? ""
        file.mediaType = reader.string()
        let size = reader.integer()
        file.sizeBytes = size < 0 ? nil : size
        file.sha256 = reader.string()
        file.expiresAt = reader.instant()
        file.entries = (0..<reader.integer()).map { _ in
            ArchiveEntry(name: reader.string() ?? "", sizeBytes: reader.integer())
        }
        if reader.byte() == 1 { file.content = decodeContent(&reader, columns, &used) }
        return file
    }

    private static func decodeContent(
        _ reader: inout PackedReader,
        _ columns: SharedColumns,
        _ used: inout [SharedColumns.Place]
    ) -> FileContent {
        let (rows, count) = (reader.integer(), reader.integer())
        var content = FileContent(rows: rows < 0 ? nil : rows, delimiter: "")
        if count >= 0 { content.columns = (0..<count).map { _ in reader.string() ?? "" } }
        if count == sharedMark {
            let place = reader.place()
            used.append(place)
            content.columns = columns[place]
            content.headerSHA256 = columns.digest(of: place)
        } else {
            content.headerSHA256 = reader.string()
        }
        content.delimiter = reader.string() ?? ""
        content.encoding = reader.string()
        content.hasByteOrderMark = reader.byte() == 1
        return content
    }
}
