import Primitives

/// One export, kept small: a benchmark makes a million of them.
struct ExportRecord: Sendable {
    typealias Kind = PayoutSandbox.ExportFacts.Kind

    enum Ending: UInt8, Sendable {
        case completes
        case fails
        case vanishes
    }

    enum Removal: UInt8, Sendable {
        case present
        case deleted
        case vanished
    }

    let id: GUID
    let idempotencyID: GUID?
    let correlationID: GUID?
    let filter: String
    let created: Timestamp
    let processingStart: Timestamp
    let finished: Timestamp
    let blobSize: Int
    let account: UInt16
    let kind: Kind
    let isTSV: Bool
    let ending: Ending
    var removal = Removal.present
    var emptyPollsLeft: UInt16
    var looks: UInt32 = 0
    var downloads: UInt16 = 0
    var completedDownloads: UInt16 = 0

    /// The export's state at `now`; it depends on the time only.
    func state(at now: Timestamp) -> PayoutSandbox.ExportFacts.State {
        switch removal {
        case .deleted: return .deleted
        case .vanished: return .vanished
        case .present: break
        }
        if now < processingStart { return .queued }
        if now < finished { return .processing }
        switch ending {
        case .completes: return .completed
        case .fails: return .failed
        case .vanishes: return .vanished
        }
    }

    var fileExtension: String { isTSV ? "tsv" : "csv" }
}

/// The exports by id and by idempotency id.
struct ExportStore: Sendable {
    struct IdempotencyKey: Hashable, Sendable {
        let account: UInt16
        let id: GUID
    }

    /// The exports of one idempotency id.
    struct IdempotencyEntry: Sendable {
        /// The export that a repetition is answered with.
        var index: UInt32
        var exports: UInt16
        var requests: UInt16
    }

    private(set) var records: [ExportRecord] = []
    private var indexByID: [GUID: UInt32] = [:]
    private(set) var idempotency: [IdempotencyKey: IdempotencyEntry] = [:]

    /// The position of an export in ``records``.
    func index(of id: GUID) -> Int? {
        indexByID[id].map(Int.init)
    }

    func contains(_ id: GUID) -> Bool {
        indexByID[id] != nil
    }

    subscript(index: Int) -> ExportRecord {
        get { records[index] }
        _modify { yield &records[index] }
    }

    func entry(account: UInt16, idempotencyID: GUID) -> IdempotencyEntry? {
        idempotency[IdempotencyKey(account: account, id: idempotencyID)]
    }

    /// Counts a repetition that was answered with the existing export.
    mutating func countRepetition(account: UInt16, idempotencyID: GUID) {
        let key = IdempotencyKey(account: account, id: idempotencyID)
        idempotency[key]?.requests.increase()
    }

    /// Adds an export and returns how many its idempotency id has.
    @discardableResult
    mutating func add(_ record: ExportRecord) -> Int {
        let index = UInt32(truncatingIfNeeded: records.count)
        indexByID[record.id] = index
        records.append(record)
        guard let idempotencyID = record.idempotencyID else { return 1 }
        let key = IdempotencyKey(account: record.account, id: idempotencyID)
        guard var entry = idempotency[key] else {
            idempotency[key] = IdempotencyEntry(index: index, exports: 1, requests: 1)
            return 1
        }
        entry.index = index
        entry.exports.increase()
        entry.requests.increase()
        idempotency[key] = entry
        return Int(entry.exports)
    }
}

extension FixedWidthInteger {
    /// Adds one; saturates at the greatest value.
    mutating func increase() {
        if self < .max { self += 1 }
    }
}
