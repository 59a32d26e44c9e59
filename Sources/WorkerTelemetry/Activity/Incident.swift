package import Foundation
import WorkerRuntime

/// A recent event for the dashboard. A repeated one only increments its count.
package struct Incident: Sendable {
    /// How bad it is.
    package enum Severity: String, Sendable, Codable {
        /// Nothing works until an operator acts.
        case critical
        /// A job or a record failed, or work is delayed.
        case warning
        /// For information.
        case notice
    }

    /// Incidents with equal values are one incident.
    package struct Kind: Hashable, Sendable {
        package var title: String
        package var subject: String
        package var text: String
    }

    package var kind: Kind
    package var severity: Severity
    /// What an operator does about it; `nil` where nothing is to be done.
    package var remedy: String?
    /// The newest job of the kind.
    package var job: String?
    package var partition: Int32?
    package var count = 1
    package var first: Date
    package var last: Date

    init(
        _ severity: Severity,
        _ title: String,
        subject: String = "",
        text: String = "",
        remedy: String? = nil,
        job: String? = nil,
        partition: Int32? = nil,
        at time: Date
    ) {
        kind = Kind(title: title, subject: subject, text: text)
        self.severity = severity
        self.remedy = remedy
        self.job = job
        self.partition = partition
        first = time
        last = time
    }
}

extension Incident {
    /// A problem that prevents use of the Kafka log.
    init(_ severity: Severity, _ title: String, _ problem: LogProblem, _ texts: any OperatorTexts, at time: Date) {
        self.init(
            severity,
            title,
            subject: problem.subject,
            text: problem.sentence,
            remedy: texts.remedy(for: problem),
            at: time
        )
    }
}

/// A bounded list of incidents, the newest first.
package struct IncidentRing: Sendable {
    static let capacity = 60

    package private(set) var incidents: [Incident] = []

    mutating func add(_ incident: Incident) {
        var incident = incident
        if let known = incidents.firstIndex(where: { $0.kind == incident.kind }) {
            incident.count += incidents[known].count
            incident.first = incidents[known].first
            incidents.remove(at: known)
        } else if incidents.count >= Self.capacity {
            // Notices are removed first, so that problems stay longer.
            incidents.remove(at: incidents.lastIndex { $0.severity == .notice } ?? incidents.count - 1)
        }
        incidents.insert(incident, at: 0)
    }
}
