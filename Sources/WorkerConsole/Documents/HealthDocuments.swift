/// What `/readyz` tells.
struct ReadinessDocument: Codable, Sendable {
    struct Partition: Codable, Sendable {
        var partition: Int32
        var lifecycle: String
        var waitsFor: String
    }

    var status: HealthVerdict.Standing
    var reasons: [HealthReason]
    var partitions: [Partition]

    init(_ snapshot: Snapshot) {
        status = snapshot.verdict.standing
        reasons = snapshot.verdict.reasons.map(\.cleaned)
        partitions = snapshot.partitions.map {
            Partition(partition: $0.partition, lifecycle: $0.lifecycle, waitsFor: $0.waitsFor)
        }
    }
}

/// What `/livez` tells: the loops' own progress.
struct LivenessDocument: Codable, Sendable {
    struct Loop: Codable, Sendable {
        enum State: String, Codable, Sendable {
            case beating
            case stuck
            /// It has not begun yet: the worker waits for Kafka.
            case starting
        }

        var name: String
        var state: State
        var ageSeconds: Double
        var maximumAgeSeconds: Double
    }

    enum Status: String, Codable, Sendable {
        case alive
        case stuck
    }

    var status: Status
    var loops: [Loop]
    /// What is the matter and what to do, where something is.
    var message: String?

    /// - Parameter startupTime: the longest that a loop may take to begin.
    init(_ readings: [HeartbeatReading], startupTime: Duration) {
        loops = readings.map { reading in
            let isLate = !reading.hasBegun && reading.age > startupTime
            return Loop(
                name: reading.name,
                state: reading.isStuck || isLate ? .stuck : reading.hasBegun ? .beating : .starting,
                ageSeconds: reading.age.inSeconds,
                maximumAgeSeconds: reading.maximumAge.inSeconds
            )
        }
        let stuck = loops.filter { $0.state == .stuck }.map(\.name)
        status = stuck.isEmpty ? .alive : .stuck
        if !stuck.isEmpty {
            message = "No progress in: \(stuck.joined(separator: ", ")). Restart the worker; nothing is lost by that."
        }
    }
}

/// An answer that is not what was asked for.
struct ErrorDocument: Codable, Sendable {
    var error: String
    var remedy: String
}
