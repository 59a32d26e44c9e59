import Primitives
import WorkerTelemetry

/// The body of `/readyz`.
struct ReadinessDocument: Codable, Sendable {
    struct Partition: Codable, Sendable {
        var partition: Int32
        var lifecycle: String
        var waitsFor: String
    }

    var status: HealthReport.Status
    var reasons: [HealthReason]
    var partitions: [Partition]

    init(_ snapshot: Snapshot) {
        status = snapshot.health.status
        reasons = snapshot.health.reasons.map(\.withoutSecrets)
        partitions = snapshot.partitions.map {
            Partition(partition: $0.partition, lifecycle: $0.lifecycle, waitsFor: $0.waitsFor)
        }
    }
}

/// The body of `/livez`: the progress of the loops.
struct LivenessDocument: Codable, Sendable {
    struct Loop: Codable, Sendable {
        enum State: String, Codable, Sendable {
            case beating
            case stuck
            /// It has not started yet: the worker waits for Kafka.
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
    /// What is wrong and what to do; `nil` where all loops make progress.
    var message: String?

    /// - Parameter startupTime: the longest time until a loop must have started.
    init(_ readings: [HeartbeatReading], startupTime: Duration, _ texts: any OperatorTexts) {
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
            message = "No progress in: \(stuck.joined(separator: ", ")). \(texts.remedy(for: .notAlive))"
        }
    }
}

/// The body of an error response.
struct ErrorDocument: Codable, Sendable {
    var error: String
    var remedy: String
}

/// The body of the error response of a worker that does not know a job.
struct UnknownJobDocument: Codable, Sendable {
    var error: String
    var remedy: String
    /// The consumer group and the worker that answers.
    var group: String
    var worker: String
}
