/// How much of a record is written. A topic that refuses a whole record may accept a smaller form.
public enum OutputForm: UInt8, Hashable, Comparable, Sendable, CaseIterable {
    /// All of it.
    case whole = 0
    /// An event without the columns of its files.
    case withoutColumns = 1
    /// A dead letter without its value, an event without `metadata` too, a batch event without the locations of files.
    case reduced = 2
    /// A dead letter without its original headers too, an event without `error.details` too, a batch event without files.
    case short = 3
    /// A dead letter without its key too. An event without filter and files too: only for a rejection, and for a job
    /// that ended as `tooLarge`. A batch event without its jobs: its batch, how it ended, and the counts remain.
    case least = 4

    /// Orders forms by how much they leave out.
    public static func < (left: OutputForm, right: OutputForm) -> Bool { left.rawValue < right.rawValue }
}

/// A record of a batch that its topic does not accept, with the form that was refused.
public struct OutputRefusal: Hashable, Sendable {
    /// The record's place in the batch as it was sent.
    public var index: Int
    /// The form in which it was refused.
    public var form: OutputForm

    /// Creates a refusal.
    public init(index: Int, form: OutputForm) {
        self.index = index
        self.form = form
    }
}

extension OutputRecord {
    /// The largest form in which the record is written.
    public var form: OutputForm {
        switch self {
        case .state: .whole
        case .event(_, let event): event.form
        case .batchEvent(_, let event): event.form
        case .deadLetter(let letter): letter.form
        }
    }

    /// The smallest form that needs no decision. If that is refused, the record must be replaced.
    public var lastForm: OutputForm {
        switch self {
        case .state: .whole
        // An event without files or filter would contradict its job's record.
        case .event(_, let event): event.status == .rejected || event.error?.code == .tooLarge ? .least : .short
        case .deadLetter, .batchEvent: .least
        }
    }

    /// The record in a form that leaves out more than `form`; `nil` where there is none.
    public func smaller(than form: OutputForm) -> OutputRecord? {
        guard form < lastForm,
            let next = OutputForm.allCases.first(where: { $0 > form && ($0 != .withoutColumns || hasColumns) })
        else { return nil }
        switch self {
        case .state: return nil
        case .event(let partition, var event):
            event.form = next
            return .event(partition: partition, event)
        case .batchEvent(let partition, var event):
            event.form = next
            return .batchEvent(partition: partition, event)
        case .deadLetter(var letter):
            letter.form = next
            return .deadLetter(letter)
        }
    }

    /// Whether it lists the columns of a file.
    private var hasColumns: Bool {
        if case .event(_, let event) = self { event.files.contains { $0.content?.columns != nil } } else { false }
    }

    /// Bytes of input that the record holds in memory until it is committed.
    var heldBytes: Int {
        if case .deadLetter(let letter) = self { letter.original.byteCount } else { 0 }
    }
}
