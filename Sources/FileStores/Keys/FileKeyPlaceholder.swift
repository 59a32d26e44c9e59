import Primitives

/// A placeholder of a ``FileKeyTemplate``.
public enum FileKeyPlaceholder: Hashable, Sendable {
    /// See ``table``.
    case account, kind, jobID, requestID, fileName, fileExtension, year, month, day, periodFrom, periodTo, batch
    /// An entry of the job's metadata.
    case metadata(String)

    /// What stands for a value that a job does not have.
    public static let missing = "_"

    /// The longest name of a metadata entry in a template, in bytes.
    public static let maximumNameLength = 128

    /// Every placeholder without its braces, and its value. The documentation has the same table.
    public static let table: [(name: String, value: String)] = [
        ("account", "the job's account"),
        ("kind", "transactionHistory or payments"),
        ("jobId", "the job's id; required in every template"),
        ("requestId", "the service's id of the export; the same after a crash"),
        ("fileName", "the file's name at the service"),
        ("extension", "csv, tsv, zip or gz: the extension of the file's name, or else the job's file format"),
        ("yyyy", "the year in UTC in which the job was accepted"),
        ("MM", "the month in UTC in which the job was accepted, 01 to 12"),
        ("dd", "the day in UTC on which the job was accepted, 01 to 31"),
        ("period.from", "the start of the period: the lower bound that the job's filter has for the kind's date"),
        ("period.to", "the end of the period: the upper bound that the job's filter has for the kind's date"),
        ("batch", "the id of the job's batch"),
        ("metadata.NAME", "the entry NAME of the job's metadata"),
    ]

    /// - Parameter name: The text between the braces.
    init?(name: String) {
        switch name {
        case "account": self = .account
        case "kind": self = .kind
        case "jobId": self = .jobID
        case "requestId": self = .requestID
        case "fileName": self = .fileName
        case "extension": self = .fileExtension
        case "yyyy": self = .year
        case "MM": self = .month
        case "dd": self = .day
        case "period.from": self = .periodFrom
        case "period.to": self = .periodTo
        case "batch": self = .batch
        default:
            let key = name.dropFirst("metadata.".count)
            guard name.hasPrefix("metadata."), 1...Self.maximumNameLength ~= key.utf8.count, !key.contains("{") else {
                return nil
            }
            self = .metadata(String(key))
        }
    }

    /// The value of a file.
    ///
    /// - Parameter day: Year, month and day of the values' date.
    func value(in values: FileKeyValues, _ day: [Substring]) -> String {
        switch self {
        case .account: values.account
        case .kind: values.kind
        case .jobID: values.jobID
        case .requestID: values.requestID
        case .fileName: values.fileName
        case .fileExtension: values.fileExtension
        case .year: String(day[0])
        case .month: String(day[1])
        case .day: String(day[2])
        case .periodFrom: Self.present(values.period.from)
        case .periodTo: Self.present(values.period.to)
        case .batch: Self.present(values.batch)
        case .metadata(let name): Self.present(values.metadata[name])
        }
    }

    private static func present(_ value: String?) -> String {
        guard let value, !value.isEmpty else { return missing }
        return value
    }
}
