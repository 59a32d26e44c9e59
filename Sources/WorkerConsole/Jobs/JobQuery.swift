import ExportCore
import Primitives

/// The query of `/api/jobs`.
struct JobQuery: Sendable {
    /// What is wrong with a query.
    struct Problem: Error, Equatable {
        var message: String
        var remedy: String
    }

    static let limits = 1...200
    private static let names = [
        "state", "account", "batch", "kind", "text", "olderThan", "newerThan", "limit", "cursor", "through", "scope",
    ]
    private static let states: [String: @Sendable (inout JobFilter) -> Void] = [
        "open": { $0.phases.formUnion([.accepted, .submitting, .waiting, .ready]) },
        "late": { filter in
            filter.phases.formUnion([.submitting, .waiting, .ready])
            filter.onlyLate = true
        },
        "accepted": { $0.phases.insert(.accepted) }, "submitting": { $0.phases.insert(.submitting) },
        "waiting": { $0.phases.insert(.waiting) }, "ready": { $0.phases.insert(.ready) },
        "finished": { $0.phases.insert(.finished) }, "completed": { $0.statuses.insert(.completed) },
        "failed": { $0.statuses.insert(.failed) }, "cancelled": { $0.statuses.insert(.cancelled) },
        "rejected": { $0.statuses.insert(.rejected) },
    ]

    var filter = JobFilter()
    var limit = 50
    /// Where the list begins.
    var from = JobPlace(partition: 0)
    /// The last partition; `nil` for all.
    var through: Int32?
    /// Whether only this worker's jobs are listed: so ask other workers, whose questions are never passed on.
    var isLocal = false
    /// The conditions as they were given, for the question to another worker.
    private var conditions: [(name: String, value: String)] = []

    /// Reads a query.
    ///
    /// - Parameters:
    ///   - text: the part of the path behind the question mark.
    ///   - now: the present time, from which ages are counted.
    init(_ text: some StringProtocol, now: Instant) throws(Problem) {
        guard let fields = FormFields(text) else {
            throw Problem(message: "The query is not percent-encoded UTF-8.", remedy: "Encode it as a form does.")
        }
        for (name, value) in fields.pairs where !value.isEmpty {
            guard Self.names.contains(name), fields.count(of: name) == 1 else {
                throw Problem(
                    message: "The query has the unknown or repeated parameter \(Disclosure.quoted(name)).",
                    remedy: "Use each of \(Self.names.joined(separator: ", ")) at most once."
                )
            }
            try apply(name, value, now)
            if !["limit", "cursor", "through", "scope"].contains(name) { conditions.append((name, value)) }
        }
    }

    /// The path with which another worker is asked for a part of the list.
    func path(from place: JobPlace, through last: Int32, limit: Int) -> String {
        let fields =
            conditions + [
                ("cursor", Self.cursor(place)), ("through", String(last)), ("limit", String(limit)),
                ("scope", "worker"),
            ]
        return "/api/jobs?" + FormFields.encoded(fields)
    }

    /// The opaque text of a place.
    static func cursor(_ place: JobPlace) -> String { Base64URL.encoded("\(place.partition).\(place.entry)".utf8) }

    private mutating func apply(_ name: String, _ value: String, _ now: Instant) throws(Problem) {
        switch name {
        case "state":
            for state in value.split(separator: ",") { try add(state: String(state)) }
            guard !filter.onlyLate || value == "late" else { throw Self.invalid(name, "late alone, or other states") }
        case "account": filter.account = value
        case "batch": filter.batch = value
        case "kind":
            guard let kind = ExportKind(name: value) else {
                throw Self.invalid(name, "transactionHistory or payments")
            }
            filter.kind = kind
        case "text":
            guard value.utf8.count <= 128 else { throw Self.invalid(name, "a text of at most 128 bytes") }
            filter.text = value
        case "olderThan": filter.acceptedUntil = try Self.time(value, name, before: now)
        case "newerThan": filter.acceptedSince = try Self.time(value, name, before: now)
        case "limit":
            guard let number = Int(value), Self.limits.contains(number) else {
                throw Self.invalid(name, "a number from \(Self.limits.lowerBound) to \(Self.limits.upperBound)")
            }
            limit = number
        case "cursor":
            guard let place = Self.place(value) else { throw Self.invalid(name, "the 'next' of an earlier answer") }
            from = place
        case "through":
            guard let number = Int32(value), number >= 0 else { throw Self.invalid(name, "the number of a partition") }
            through = number
        default:
            guard value == "worker" || value == "fleet" else { throw Self.invalid(name, "worker or fleet") }
            isLocal = value == "worker"
        }
    }

    private mutating func add(state: String) throws(Problem) {
        guard let change = Self.states[state] else {
            throw Self.invalid("state", Self.states.keys.sorted().joined(separator: ", ") + ", separated by commas")
        }
        change(&filter)
    }

    private static func time(_ value: String, _ name: String, before now: Instant) throws(Problem) -> Instant {
        guard let age = Duration(parsing: value) else { throw invalid(name, "a duration such as 30s, 5m, 26h or 7d") }
        return now.advanced(by: .zero - age)
    }

    /// The place that a text stands for.
    static func place(_ cursor: String) -> JobPlace? {
        guard let bytes = Base64URL.decoded(cursor[...].utf8) else { return nil }
        let parts = String(decoding: bytes, as: UTF8.self).split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let partition = Int32(parts[0]), partition >= 0, let entry = UInt32(parts[1]) else {
            return nil
        }
        return JobPlace(partition: partition, entry: entry)
    }

    private static func invalid(_ name: String, _ expected: String) -> Problem {
        Problem(message: "The parameter '\(name)' is invalid.", remedy: "It must be \(expected).")
    }
}
