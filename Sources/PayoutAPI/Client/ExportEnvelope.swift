import struct Foundation.Date
import HTTPAccess
import NIOCore
import PayoutFilters
import Primitives

/// The exports in an answer of the service, whatever envelope they are in. `PayoutClient` reads every answer with it.
///
/// The documented envelope is an object whose `value` is an array. Other envelopes occur as well: `value` as an object, a
/// bare array, and a bare export.
struct ExportEnvelope {
    /// An export's members, unparsed.
    struct Item {
        var requestID: String?
        var status: String?
        var blobLocation: String?
        var requestDateTime: String?
        var processingStartDateTime: String?
        var requestPath: String?
        var queryString: String?
    }

    private(set) var items: [Item] = []

    /// - Throws: `JSONSyntaxError` when the bytes are not JSON.
    init(_ body: ByteBuffer) throws(JSONSyntaxError) {
        let result = body.withUnsafeReadableBytes { bytes -> Result<[Item], JSONSyntaxError> in
            var scanner = JSONReader(bytes)
            do throws(JSONSyntaxError) {
                return .success(try Self.readTop(&scanner))
            } catch {
                return .failure(error)
            }
        }
        self.items = try result.get()
    }

    private static func readTop(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> [Item] {
        switch try scanner.peek() {
        case .array:
            return try Self.readItems(&scanner)
        case .object:
            var wrapped: [Item]?
            var bare = Item()
            try scanner.readObject { name, scanner throws(JSONSyntaxError) in
                guard name.is("value") else { return try Self.readMember(name, &scanner, into: &bare) }
                switch try scanner.peek() {
                case .array: wrapped = try Self.readItems(&scanner)
                case .object: wrapped = [try Self.readItem(&scanner)]
                case .string, .number, .literal: try scanner.skipValue()
                }
            }
            if let wrapped, !wrapped.isEmpty { return wrapped }
            return bare.requestID == nil && bare.status == nil ? [] : [bare]
        case .string, .number, .literal:
            throw JSONSyntaxError()
        }
    }

    private static func readItems(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> [Item] {
        var items: [Item] = []
        try scanner.readArray { scanner throws(JSONSyntaxError) in
            guard try scanner.peek() == .object else { return try scanner.skipValue() }
            items.append(try Self.readItem(&scanner))
        }
        return items
    }

    private static func readItem(_ scanner: inout JSONReader) throws(JSONSyntaxError) -> Item {
        var item = Item()
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            try Self.readMember(name, &scanner, into: &item)
        }
        return item
    }

    private static func readMember(
        _ name: JSONName,
        _ scanner: inout JSONReader,
        into item: inout Item
    ) throws(JSONSyntaxError) {
        if name.is("requestId") {
            item.requestID = try scanner.readText()
        } else if name.is("status") {
            item.status = try scanner.readText()
        } else if name.is("blobLocation") {
            item.blobLocation = try scanner.readText()
        } else if name.is("requestDateTime") {
            item.requestDateTime = try scanner.readText()
        } else if name.is("processingStartDateTime") {
            item.processingStartDateTime = try scanner.readText()
        } else if name.is("requestPath") {
            item.requestPath = try scanner.readText()
        } else if name.is("requestQueryString") {
            item.queryString = try scanner.readText()
        }
    }
}

extension Export {
    /// Parses an export's members.
    ///
    /// - Parameters:
    ///   - item: The members, unparsed.
    ///   - kind: The kind of export, which the members do not name.
    ///   - requestID: The id to use.
    ///   - status: The status to use where the service reported none.
    init(
        _ item: ExportEnvelope.Item,
        kind: PayoutKind,
        requestID: String,
        defaultStatus status: ExportStatus
    ) {
        let blob = item.blobLocation?.trimmingBlanks().escapingRawBytes() ?? ""
        self.init(
            kind: kind,
            requestID: requestID,
            status: item.status.map { ExportStatus(text: $0) } ?? status,
            blobLocation: blob.isEmpty ? nil : SASURL(blob),
            requestDateTime: item.requestDateTime.flatMap(Date.init(serviceText:)),
            processingStartDateTime: item.processingStartDateTime.flatMap(Date.init(serviceText:)),
            requestPath: item.requestPath,
            queryString: item.queryString
        )
    }
}

extension String {
    /// The text with spaces and non-ASCII characters percent-encoded: the service may not have encoded a file's name in a URL.
    func escapingRawBytes() -> String {
        percentEncoded { $0 != 0x20 && $0 < 0x80 }
    }
}
