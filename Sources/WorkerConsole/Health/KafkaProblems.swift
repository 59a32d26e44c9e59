import WorkerRuntime
import WorkerTelemetry

/// Problems with Kafka, as health reasons.
extension LogProblem {
    /// The code of its health reason.
    var healthCode: HealthCode {
        switch cause {
        case .unreachable, .unresolved, .brokerAddress, .notKafka, .hangingTransaction, .openTransaction, .other:
            .kafkaUnreachable
        case .encryption, .authentication: .kafkaAuthentication
        case .topicRights, .groupRights, .transactionalIDRights, .clusterRights: .kafkaAuthorization
        case .groupProtocol: .groupInUse
        case .topicMissing: .topicsUnfit
        }
    }

    /// Whether it concerns the connections to brokers, whatever their use.
    var isOfConnections: Bool {
        switch cause {
        case .unreachable, .unresolved, .brokerAddress, .notKafka, .encryption, .authentication: true
        default: false
        }
    }
}

extension HealthWatch {
    func kafkaReasons(_ sample: HealthSample) -> [HealthReason] {
        var reasons: [HealthReason] = []
        if let problem = sample.connectionProblem {
            reasons.append(
                HealthReason(
                    problem.healthCode,
                    severity: problem.isPartial ? .degraded : .blocking,
                    problem.sentence,
                    remedy: texts.remedy(for: problem)
                )
            )
        }
        // Without connections no producer is ready and no leader answers, and that is reported already. While other
        // connections serve the consumer it is not.
        let isWithoutConnections = sample.connectionProblem.map { !$0.isPartial } ?? false
        if let problem = sample.producerProblem, !(problem.isOfConnections && isWithoutConnections) {
            reasons.append(
                HealthReason(
                    .producerNotReady,
                    "The transactional producer is not ready, so nothing can be committed. \(problem.sentence)",
                    remedy: texts.remedy(for: problem)
                )
            )
        }
        return isWithoutConnections ? reasons : reasons + leaderReasons(sample)
    }

    private func leaderReasons(_ sample: HealthSample) -> [HealthReason] {
        let partitions = sample.silentLeaders.keys.sorted()
        guard let first = partitions.first, let problem = sample.silentLeaders[first] else { return [] }
        let names = partitions.prefix(8).map(String.init).joined(separator: ", ") + (partitions.count > 8 ? ", …" : "")
        return [
            HealthReason(
                problem.healthCode,
                severity: sample.areAllLeadersSilent ? .blocking : .degraded,
                partition: partitions.count == 1 ? first : nil,
                "The leaders of \(Formatting.count(partitions.count, "partition")) of the jobs topic (\(names)) do not answer, so "
                    + "their jobs are not delivered. \(problem.sentence)",
                remedy: texts.remedy(for: problem)
            )
        ]
    }
}
