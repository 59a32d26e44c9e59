import ExportCore
import ExportRecords
import WorkerTelemetry

extension FleetStatus {
    /// A pause that is in effect.
    struct Pause: Encodable {
        private var text: String
        var account: String?
        var kind: String?
        /// Whether polls and downloads are paused too.
        var calls: Bool
        var reason: String?
        var until: String?
        /// Where it is in effect.
        var partitions: [Int32]

        private enum CodingKeys: String, CodingKey { case account, kind, calls, reason, until, partitions }

        private init(_ pause: JobPause, partitions: [Int32]) {
            text = TextTable.printable(pause.phrase)
            account = pause.target.account
            kind = pause.target.kind?.name
            calls = pause.holdsCalls
            reason = pause.reason
            until = pause.until?.rfc3339
            self.partitions = partitions
        }

        /// The pauses of all partitions, equal ones once. One whose end has passed is not in effect, even if no worker has
        /// removed it.
        static func all(_ pauses: [Int32: [JobPause]], at now: Instant) -> [Pause] {
            var found: [JobPause: [Int32]] = [:]
            for (partition, list) in pauses {
                for var pause in list where pause.until.map({ $0 > now }) ?? true {
                    // Each partition decides a pause at a time of its own.
                    pause.since = nil
                    found[pause, default: []].append(partition)
                }
            }
            return found.map { Pause($0.key, partitions: $0.value.sorted()) }.sorted { $0.text < $1.text }
        }

        /// - Parameter count: how many partitions there are.
        func line(of count: Int) -> String {
            "Paused: \(text), in \(partitions.count) of \(Formatting.count(count, "partition"))"
        }
    }
}
