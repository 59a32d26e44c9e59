/// Reads the records of comma- or tab-separated text in chunks, by the rules by which ``DelimitedTextScanner`` counts them:
/// empty lines are no records, a line ends at CR, LF or CRLF outside quotes, and a quote opens a quoted field at the
/// field's beginning only.
public struct DelimitedRecordParser: Sendable {
    /// Why text cannot be read further.
    public enum Problem: Error, Sendable, Hashable {
        /// A record has more bytes than permitted.
        case recordTooLong(limit: Int)
        /// The text ends within a quoted field.
        case unterminatedQuote
        /// A field is not UTF-8.
        case invalidText
    }

    /// Known when the first record has ended.
    private var delimiter: UInt8?
    private let limit: Int
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var recordBytes = 0
    /// What ended each field of the first record but the last.
    private var separators: [UInt8] = []

    private var isQuoted = false
    /// Whether the last byte was a quote that closed the field, or is the first of two.
    private var hasJustClosed = false
    private var isFieldStart = true
    private var isLineStart = true

    private static let quote = UInt8(ascii: "\"")

    /// Makes a parser for one text. Commas or tabs separate fields, whichever the first record has more of outside quotes.
    ///
    /// - Parameter limit: The most bytes of a record's fields together; a longer record is an error.
    public init(limit: Int) { self.limit = limit }

    /// Reads the next bytes of UTF-8, without byte order mark.
    ///
    /// - Parameter record: Receives the fields of each record that the bytes complete.
    public mutating func parse(
        _ bytes: UnsafeRawBufferPointer,
        record: ([String]) -> Void
    ) throws(Problem) {
        var position = 0
        while position < bytes.count {
            let run = lengthOfRun(bytes, from: position)
            if run > 0 {
                try append(bytes[position..<position + run])
                position += run
            } else {
                try parse(bytes[position], record)
                position += 1
            }
        }
    }

    /// Ends the text.
    ///
    /// - Parameter record: Receives the last record where no line end follows it.
    public mutating func finish(record: ([String]) -> Void) throws(Problem) {
        guard !isQuoted else { throw .unterminatedQuote }
        if !isLineStart { try endRecord(record) }
    }

    private func isDelimiter(_ byte: UInt8) -> Bool {
        if let delimiter { byte == delimiter } else { byte == LineCounter.comma || byte == LineCounter.tab }
    }

    /// How many bytes belong to the field and have no meaning of their own.
    private func lengthOfRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte == Self.quote { break }
            if !isQuoted, byte == 0x0A || byte == 0x0D || isDelimiter(byte) { break }
            end += 1
        }
        return end - start
    }

    private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) throws(Problem) {
        recordBytes += bytes.count
        guard recordBytes <= limit else { throw .recordTooLong(limit: limit) }
        field += bytes
        (hasJustClosed, isFieldStart, isLineStart) = (false, false, false)
    }

    private mutating func parse(_ byte: UInt8, _ record: ([String]) -> Void) throws(Problem) {
        let closed = hasJustClosed
        hasJustClosed = false
        switch byte {
        case Self.quote where isQuoted:
            (isQuoted, hasJustClosed) = (false, true)
        case Self.quote where isFieldStart || closed:
            isQuoted = true
            (isFieldStart, isLineStart) = (false, false)
            if closed { try appendQuote() }
        case Self.quote:
            try appendQuote()
        case 0x0A, 0x0D:
            if !isLineStart { try endRecord(record) }
        default:
            isLineStart = false
            if delimiter == nil { separators.append(byte) }
            try endField()
            recordBytes += 1
            guard recordBytes <= limit else { throw .recordTooLong(limit: limit) }
        }
    }

    private mutating func appendQuote() throws(Problem) {
        recordBytes += 1
        guard recordBytes <= limit else { throw .recordTooLong(limit: limit) }
        field.append(Self.quote)
    }

    private mutating func endField() throws(Problem) {
        guard let text = String(validating: field, as: UTF8.self) else { throw .invalidText }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
        isFieldStart = true
    }

    private mutating func endRecord(_ record: ([String]) -> Void) throws(Problem) {
        try endField()
        if delimiter == nil { chooseDelimiter() }
        record(fields)
        fields.removeAll(keepingCapacity: true)
        recordBytes = 0
        isLineStart = true
    }

    /// Chooses the delimiter by the first record, and joins its fields again at the other one.
    private mutating func chooseDelimiter() {
        let tabs = separators.count { $0 == LineCounter.tab }
        let chosen = tabs > separators.count - tabs ? LineCounter.tab : LineCounter.comma
        var joined = fields.prefix(1).map { $0 }
        for (separator, field) in zip(separators, fields.dropFirst()) {
            if separator == chosen {
                joined.append(field)
            } else {
                joined[joined.count - 1] += String(Unicode.Scalar(separator)) + field
            }
        }
        (fields, separators, delimiter) = (joined, [], chosen)
    }
}
