import Dispatch
import KafkaClient
import Logging
import WorkerRuntime

/// Gives Kafka's clients the user name and the password that the files hold, when these change: also while the worker
/// still waits for a broker that refuses the first ones.
struct KafkaCredentialsWatch: Sendable {
    let secrets: KafkaSecrets
    let credentials: KafkaCredentials
    let logger: Logger
    var interval: Duration = .seconds(2)

    private static let files = DispatchQueue(label: "kafka-secrets")

    /// Looks at the files until the task is cancelled.
    func run() async {
        guard !secrets.paths.isEmpty else { return }
        var problem: String?
        while await slept(for: interval) {
            do {
                let (username, password) = try await read()
                // A file that is being replaced may be empty for a short time.
                guard !username.isEmpty, !password.isEmpty else { continue }
                problem = nil
                guard let clients = credentials.set(username: username, password: password) else { continue }
                logger.notice(
                    "Kafka's credentials have changed, clients use the new ones",
                    metadata: [
                        "files": "\(secrets.paths.joined(separator: ", "))", "clients": "\(clients)",
                    ]
                )
            } catch {
                let text = "\(error)"
                if text != problem {
                    logger.warning("Kafka's credentials cannot be read again", metadata: ["error.message": "\(text)"])
                }
                problem = text
            }
        }
    }

    private func read() async throws -> (username: String, password: String) {
        let secrets = secrets
        return try await withCheckedThrowingContinuation { continuation in
            Self.files.async { continuation.resume(with: Result { try secrets.read() }) }
        }
    }
}
