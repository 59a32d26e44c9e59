import Foundation

/// Something that happened lately, for the dashboard; the same thing again only counts up.
struct Incident: Sendable {
    /// How bad it is.
    enum Severity: String, Sendable, Codable {
        /// Nothing works until somebody acts.
        case critical
        /// A job or a record did not come out as it was meant to, or something must be waited for.
        case warning
        /// Worth knowing.
        case notice
    }

    /// What makes two incidents the same one.
    struct Kind: Hashable, Sendable {
        var title: String
        var subject: String
        var text: String
    }

    var kind: Kind
    var severity: Severity
    /// What to do about it; `nil` where nothing is to be done.
    var remedy: String?
    /// The newest job of the kind.
    var job: String?
    var partition: Int32?
    var count = 1
    var first: Date
    var last: Date

    init(
        _ severity: Severity,
        _ title: String,
        subject: String = "",
        text: String = "",
        remedy: String? = nil,
        job: String? = nil,
        partition: Int32? = nil,
        at moment: Date
    ) {
        kind = Kind(title: title, subject: subject, text: text)
        self.severity = severity
        self.remedy = remedy
        self.job = job
        self.partition = partition
        first = moment
        last = moment
    }
}

/// A bounded list of incidents, the newest first.
struct IncidentRing: Sendable {
    static let capacity = 60

    private(set) var incidents: [Incident] = []

    mutating func add(_ incident: Incident) {
        var incident = incident
        if let known = incidents.firstIndex(where: { $0.kind == incident.kind }) {
            incident.count += incidents[known].count
            incident.first = incidents[known].first
            incidents.remove(at: known)
        } else if incidents.count >= Self.capacity {
            // A notice goes first: what is bad stays longer than what is merely new.
            incidents.remove(at: incidents.lastIndex { $0.severity == .notice } ?? incidents.count - 1)
        }
        incidents.insert(incident, at: 0)
    }
}
