import NIOCore

/// Exports out of an answer, in whatever envelope they came.
///
/// The documented envelope is an object whose `value` is an array. Seen as well: `value` as an object, a bare array,
/// and a bare export.
struct ExportEnvelope {
    /// An export's members as they came.
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

    /// - Throws: `JSONSyntaxError` when the bytes are no JSON.
    init(_ body: ByteBuffer) throws(JSONSyntaxError) {
        let result = body.withUnsafeReadableBytes { bytes -> Result<[Item], JSONSyntaxError> in
            var scanner = JSONScanner(bytes)
            do throws(JSONSyntaxError) {
                return .success(try Self.readTop(&scanner))
            } catch {
                return .failure(error)
            }
        }
        self.items = try result.get()
    }

    private static func readTop(_ scanner: inout JSONScanner) throws(JSONSyntaxError) -> [Item] {
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

    private static func readItems(_ scanner: inout JSONScanner) throws(JSONSyntaxError) -> [Item] {
        var items: [Item] = []
        try scanner.readArray { scanner throws(JSONSyntaxError) in
            guard try scanner.peek() == .object else { return try scanner.skipValue() }
            items.append(try Self.readItem(&scanner))
        }
        return items
    }

    private static func readItem(_ scanner: inout JSONScanner) throws(JSONSyntaxError) -> Item {
        var item = Item()
        try scanner.readObject { name, scanner throws(JSONSyntaxError) in
            try Self.readMember(name, &scanner, into: &item)
        }
        return item
    }

    private static func readMember(
        _ name: JSONName,
        _ scanner: inout JSONScanner,
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
    /// - Parameters:
    ///   - item: The members as they came.
    ///   - requestID: The id to use.
    ///   - status: The status where the service named none.
    init(_ item: ExportEnvelope.Item, requestID: String, defaultStatus status: ExportStatus) {
        let blob = item.blobLocation?.trimmingBlanks().escapingBlanks() ?? ""
        self.init(
            requestID: requestID,
            status: item.status.map { ExportStatus(text: $0) } ?? status,
            blobLocation: blob.isEmpty ? nil : SASURL(blob),
            requestDateTime: item.requestDateTime.flatMap(parseTimestamp),
            processingStartDateTime: item.processingStartDateTime.flatMap(parseTimestamp),
            requestPath: item.requestPath,
            queryString: item.queryString
        )
    }
}

extension String {
    /// The text with the spaces inside it percent-encoded: a file's name in a URL may have come with some.
    func escapingBlanks() -> String {
        self.utf8.contains(0x20)
            ? self.split(separator: " ", omittingEmptySubsequences: false).joined(separator: "%20") : self
    }

    /// The text without spaces, tabs and line breaks around it.
    func trimmingBlanks() -> String {
        func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
        guard let first = self.utf8.first, let last = self.utf8.last, isBlank(first) || isBlank(last) else {
            return self
        }
        let bytes = Array(self.utf8)
        guard let start = bytes.firstIndex(where: { !isBlank($0) }), let end = bytes.lastIndex(where: { !isBlank($0) })
        else { return "" }
        return String(decoding: bytes[start...end], as: UTF8.self)
    }
}
