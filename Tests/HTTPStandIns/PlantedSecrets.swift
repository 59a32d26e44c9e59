import Foundation
import Synchronization

/// Secrets that tests configure and send. No error and no log line may contain them.
package enum PlantedSecrets {
    package static let password = "Pl4nted-Passw0rd+/="
    package static let clientSecret = "Pl4nted~Client&Secret"
    package static let refreshToken = "0.Pl4nted-Refresh-Token"
    package static let accessToken = "Pl4nted-Access-Token-eyJhbGciOi"
    package static let signature = "Pl4ntedSignature%3D"

    /// The text that every planted secret contains, also when it is encoded or truncated.
    package static let trace = "Pl4nted"

    /// An error answer that echoes all secrets of the request.
    package static func echo(of request: StubRequest, status: Int) -> StubReply {
        let sent = "\(request.header("authorization") ?? "") \(request.body) \(request.uri)"
            .replacing("\"", with: "'")
        return .answer(
            status,
            headers: [("request-id", "r")],
            body: #"{"error":{"code":"x","message":"you sent \#(sent)"},"error_description":"AADSTS50126: \#(sent)"}"#
        )
    }

    /// Every text form of the errors that a test has collected.
    package final class ErrorTexts: Sendable {
        private let texts = Mutex<[String]>([])
        package init() {}

        package var text: String { texts.withLock { $0.joined(separator: "\n") } }

        package func add(_ error: any Error) {
            var dumped = ""
            dump(error, to: &dumped)
            let text = "\(error)\n\(String(reflecting: error))\n\(dumped)\n\(error.localizedDescription)"
            texts.withLock { $0.append(text) }
        }

        package func attempt<Value>(_ body: () async throws -> Value) async {
            do { _ = try await body() } catch { add(error) }
        }
    }
}
