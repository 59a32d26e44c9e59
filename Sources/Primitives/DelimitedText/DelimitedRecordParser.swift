/// Reads the records of comma- or tab-separated text in chunks, by the rules by which ``DelimitedTextScanner`` counts them.
/// Empty lines are no records.
public struct DelimitedRecordParser: Sendable {
    /// Why text cannot be read further.
    public enum Problem: Error, Sendable, Hashable {
        /// A record has more bytes than permitted.
        case recordTooLong(limit: Int)
        /// A record has more fields than permitted.
        case tooManyFields(limit: Int)
        /// The text ends within a quoted field.
        case unterminatedQuote
        /// A field is not UTF-8.
        case invalidText
    }

    /// Known when the first record has ended.
    private var delimiter: UInt8?
    private let limit: Int
    private let maximumFields: Int
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var recordBytes = 0
    /// What ended each field of the first record but the last.
    private var separators: [UInt8] = []

    private var state = DelimitedTextState()
    /// Whether the last byte was a quote that closed the field, or is the first of two.
    private var hasJustClosed = false

    /// Makes a parser for one text. Commas or tabs separate fields, whichever the first record has more of outside quotes.
    ///
    /// - Parameters:
    ///   - limit: The most bytes of a record's fields together; a longer record is an error.
    ///   - maximumFields: The most fields of a record; one with more is an error. In the first record both delimiters count.
    public init(limit: Int, maximumFields: Int) {
        self.limit = limit
        self.maximumFields = maximumFields
    }

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
        guard !state.isQuoted else { throw .unterminatedQuote }
        if !state.isLineStart { try endRecord(record) }
    }

    private func isDelimiter(_ byte: UInt8) -> Bool {
        guard let delimiter else { return byte == DelimitedTextState.comma || byte == DelimitedTextState.tab }
        return byte == delimiter
    }

    /// How many bytes belong to the field and have no meaning of their own.
    private func lengthOfRun(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
        var end = start
        while end < bytes.count {
            let byte = bytes[end]
            if byte == DelimitedTextState.quote { break }
            if !state.isQuoted, byte == 0x0A || byte == 0x0D || isDelimiter(byte) { break }
            end += 1
        }
        return end - start
    }

    private mutating func append(_ bytes: Slice<UnsafeRawBufferPointer>) throws(Problem) {
        try count(bytes.count)
        field += bytes
        state.skipCharacters()
        hasJustClosed = false
    }

    private mutating func parse(_ byte: UInt8, _ record: ([String]) -> Void) throws(Problem) {
        let closed = hasJustClosed
        hasJustClosed = false
        switch state.step(byte, isDelimiter: isDelimiter(byte)) {
        case .openingQuote where !closed: break
        case .openingQuote, .character:
            try count(1)
            field.append(byte)
        case .closingQuote: hasJustClosed = true
        case .delimiter:
            if delimiter == nil { separators.append(byte) }
            try endField()
            try count(1)
        case .lineEnd: try endRecord(record)
        case .emptyLine: break
        }
    }

    private mutating func count(_ bytes: Int) throws(Problem) {
        recordBytes += bytes
        guard recordBytes <= limit else { throw .recordTooLong(limit: limit) }
    }

    private mutating func endField() throws(Problem) {
        guard fields.count < maximumFields else { throw .tooManyFields(limit: maximumFields) }
        guard let text = String(validating: field, as: UTF8.self) else { throw .invalidText }
        fields.append(text)
        field.removeAll(keepingCapacity: true)
    }

    private mutating func endRecord(_ record: ([String]) -> Void) throws(Problem) {
        try endField()
        if delimiter == nil { chooseDelimiter() }
        record(fields)
        fields.removeAll(keepingCapacity: true)
        recordBytes = 0
    }

    /// Chooses the delimiter by the first record, and joins its fields again at the other one.
    private mutating func chooseDelimiter() {
        let tabs = separators.count { $0 == DelimitedTextState.tab }
        let chosen = tabs > separators.count - tabs ? DelimitedTextState.tab : DelimitedTextState.comma
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
