/// What a key is made of.
public struct FileKeyValues: Hashable, Sendable {
    /// `{account}`: the name of the credentials.
    public var account: String
    /// `{kind}`: which resource was exported.
    public var kind: String
    /// `{jobId}`: the job's id.
    public var jobID: String
    /// `{fileName}`: the file's name.
    public var fileName: String
    /// `{yyyy}`, `{MM}`, `{dd}`: the day in UTC, from milliseconds since 1970-01-01T00:00:00Z. Take a moment that
    /// is the same after a crash, or the file is put twice.
    public var date: Int64

    /// Creates values.
    ///
    /// - Parameter date: Milliseconds since 1970-01-01T00:00:00Z.
    public init(account: String, kind: String, jobID: String, fileName: String, date: Int64) {
        self.account = account
        self.kind = kind
        self.jobID = jobID
        self.fileName = fileName
        self.date = date
    }
}

/// How keys are built from a job.
public struct FileKeyTemplate: Hashable, Sendable {
    /// The text of ``standard``.
    public static let defaultText = "{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{fileName}"

    /// `{account}/{kind}/{yyyy}/{MM}/{dd}/{jobId}/{fileName}`.
    public static let standard = FileKeyTemplate(parts: [
        [.value(.account)], [.value(.kind)], [.value(.year)], [.value(.month)], [.value(.day)], [.value(.jobID)],
        [.value(.fileName)],
    ])

    private enum Placeholder: String {
        case account
        case kind
        case year = "yyyy"
        case month = "MM"
        case day = "dd"
        case jobID = "jobId"
        case fileName
    }

    private enum Piece: Hashable {
        case literal(String)
        case value(Placeholder)
    }

    private let parts: [[Piece]]

    private init(parts: [[Piece]]) { self.parts = parts }

    /// Reads a template: parts between slashes, each of letters, digits, `. _ : = @ , -` and placeholders in braces.
    ///
    /// `{jobId}` must be among them, or jobs would overwrite each other's files.
    public init(_ text: String) throws(FileStoreError) {
        let invalid = FileStoreError(.invalidTemplate, action: "use the template", path: "'\(text)'")
        var parts: [[Piece]] = []
        for part in text.split(separator: "/", omittingEmptySubsequences: false) {
            guard !part.isEmpty, !part.hasPrefix("."), let pieces = Self.pieces(part) else { throw invalid }
            parts.append(pieces)
        }
        guard parts.contains(where: { $0.contains(.value(.jobID)) }), parts.count <= 32 else { throw invalid }
        self.parts = parts
    }

    /// The key of a file.
    public func key(_ values: FileKeyValues) -> FileKey {
        let day = CalendarDay(milliseconds: values.date)
        return FileKey(
            safeParts: parts.map { pieces in
                let part = pieces.map { piece in
                    switch piece {
                    case .literal(let text): text
                    case .value(let placeholder): FileKey.escaped(Self.value(of: placeholder, values, day))
                    }
                }
                return FileKey.bounded(part.joined())
            }
        )
    }

    private static func value(of placeholder: Placeholder, _ values: FileKeyValues, _ day: CalendarDay) -> String {
        switch placeholder {
        case .account: values.account
        case .kind: values.kind
        case .year: padded(day.year, 4)
        case .month: padded(day.month, 2)
        case .day: padded(day.day, 2)
        case .jobID: values.jobID
        case .fileName: values.fileName
        }
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    private static func pieces(_ part: Substring) -> [Piece]? {
        var pieces: [Piece] = []
        var rest = part
        while let first = rest.first {
            if first == "{" {
                guard let close = rest.firstIndex(of: "}"),
                    let placeholder = Placeholder(rawValue: String(rest[rest.index(after: rest.startIndex)..<close]))
                else { return nil }
                pieces.append(.value(placeholder))
                rest = rest[rest.index(after: close)...]
            } else {
                let literal = rest.prefix { $0 != "{" }
                guard literal.utf8.allSatisfy(FileKey.isHarmless) else { return nil }
                pieces.append(.literal(String(literal)))
                rest = rest.dropFirst(literal.count)
            }
        }
        return pieces
    }
}

/// A day of the proleptic Gregorian calendar in UTC.
struct CalendarDay: Hashable {
    var year: Int64
    var month: Int64
    var day: Int64

    /// Counts years from March, so that the leap day is the last of its year. Moments outside the years 0 to 9999
    /// become the nearest day that has four digits.
    init(milliseconds: Int64) {
        let bounded = min(max(milliseconds, -62_167_219_200_000), 253_402_300_799_999)
        // Days since 1 March of the year -400, so that everything below is positive.
        let days = (bounded + 62_167_219_200_000) / 86_400_000 - 60 + 146_097
        let (era, dayOfEra) = days.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 - 400 + (month <= 2 ? 1 : 0)
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
    }
}
