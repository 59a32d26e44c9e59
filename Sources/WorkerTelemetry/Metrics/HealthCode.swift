/// The codes of health reasons, as in `/readyz` and the metrics.
package enum HealthCode: String, Sendable, Codable, CaseIterable {
    case starting
    case stopping
    case engineSilent
    case loopStuck
    case notJoined
    case restoring
    case partitionStopped
    case handOverStuck
    case accountPaused
    case allAccountsPaused
    case kafkaUnreachable
    case kafkaAuthentication
    case kafkaAuthorization
    case groupInUse
    case producerNotReady
    case commitsFailing
    case commitStuck
    case callsStuck
    case intakeStuck
    case openTransaction
    case timersLate
    case intakePaused
    case jobsPaused
    case refusalsContinue
    case serviceUnreachable
    case throttled
    case storeUnavailable
    case downloadsFailing
    case jobsLate
    case topicsUnfit
    case configurationNotReloaded
    case callsPartlyRefused
    case refreshTokenNotSaved
    case refreshTokenExpiring
}
