public import struct Foundation.Date
public import PayoutFilters
import Primitives

/// The status of an export, as the service reports it.
public enum ExportStatus: Sendable, Hashable {
    /// Waiting in the service's queue.
    case queued
    /// In progress.
    case processing
    /// Completed. The file may still be missing for a while: see ``Export/isReady``.
    case completed
    /// Failed at the service after retries of its own. The remedy is a new export.
    case failed
    /// A status that this version does not know, in the service's spelling. Poll again later.
    case unknown(String)

    /// Reads a status without regard to case and surrounding blanks.
    init(text: String) {
        let text = text.trimmingBlanks()
        switch text.lowercased() {
        case "queued": self = .queued
        case "processing": self = .processing
        case "completed": self = .completed
        case "failed": self = .failed
        default: self = .unknown(text)
        }
    }
}

extension ExportStatus: CustomStringConvertible {
    /// The status in the service's spelling.
    public var description: String {
        switch self {
        case .queued: "Queued"
        case .processing: "Processing"
        case .completed: "Completed"
        case .failed: "Failed"
        case .unknown(let text): text
        }
    }
}

/// The format of an export's file.
public enum ExportFileFormat: String, Sendable, Hashable, CaseIterable {
    /// Comma-separated values; the service's default.
    case csv
    /// Tab-separated values.
    case tsv
}

/// An export at the service, as ``PayoutClient`` returns it.
public struct Export: Sendable, Hashable {
    /// The kind of export.
    public var kind: PayoutKind
    /// The export's id at the service.
    public var requestID: String
    /// The export's status.
    public var status: ExportStatus
    /// The file's URL; nil until the service reports one. A bearer secret until it expires.
    public var blobLocation: SASURL?
    /// When the export was requested.
    public var requestDateTime: Date?
    /// When the service began to process it.
    public var processingStartDateTime: Date?
    /// The path of the request that created it.
    public var requestPath: String?
    /// The filter of the request that created it.
    public var queryString: String?

    /// Makes an export, for tests.
    public init(
        kind: PayoutKind,
        requestID: String,
        status: ExportStatus,
        blobLocation: SASURL? = nil,
        requestDateTime: Date? = nil,
        processingStartDateTime: Date? = nil,
        requestPath: String? = nil,
        queryString: String? = nil
    ) {
        self.kind = kind
        self.requestID = requestID
        self.status = status
        self.blobLocation = blobLocation
        self.requestDateTime = requestDateTime
        self.processingStartDateTime = processingStartDateTime
        self.requestPath = requestPath
        self.queryString = queryString
    }

    /// Whether the file can be downloaded. The service may report `Completed` before it reports the file's URL.
    public var isReady: Bool { self.status == .completed && self.blobLocation != nil }
}
