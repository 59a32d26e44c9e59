import CRDKafka
import Synchronization

/// A user name and password for SASL PLAIN and SCRAM that can change while clients live.
///
/// A ``KafkaConfiguration`` carries them to every client that is made of it; a client that authenticates after
/// ``set(username:password:)`` uses the new ones. Connections that are open stay as they are.
///
/// Sound to share: what is mutable is under the lock, and a client is removed under it before it is destroyed.
public final class KafkaCredentials: Sendable {
    private struct State {
        var username: String
        var password: String
        var changes = 0
        /// The addresses of the native clients that live.
        var clients: Set<UInt> = []
    }

    private let state: Mutex<State>

    /// Holds the first credentials.
    public init(username: String, password: String) {
        state = Mutex(State(username: username, password: password))
    }

    /// Sets new credentials for every live client, and for those that are made later.
    ///
    /// - Returns: how many living clients have them now; `nil` when they are the same as before.
    @discardableResult
    public func set(username: String, password: String) -> Int? {
        state.withLock { state in
            guard state.username != username || state.password != password else { return nil }
            state.username = username
            state.password = password
            state.changes += 1
            return state.clients.count { Self.give(username, password, to: OpaquePointer(bitPattern: $0)) }
        }
    }

    /// How often they were changed.
    public var changeCount: Int { state.withLock { $0.changes } }

    /// The librdkafka properties of a client that is made now.
    var properties: [String: String] {
        state.withLock { ["sasl.username": $0.username, "sasl.password": $0.password] }
    }

    /// Registers a client for changes of the credentials, and sets those that have changed since its properties were read.
    func register(_ client: OpaquePointer) {
        state.withLock { state in
            state.clients.insert(UInt(bitPattern: client))
            _ = Self.give(state.username, state.password, to: client)
        }
    }

    /// To be called before a client is destroyed.
    func unregister(_ client: OpaquePointer) {
        _ = state.withLock { $0.clients.remove(UInt(bitPattern: client)) }
    }

    private static func give(_ username: String, _ password: String, to client: OpaquePointer?) -> Bool {
        guard let error = rd_kafka_sasl_set_credentials(client, username, password) else { return true }
        rd_kafka_error_destroy(error)
        return false
    }
}
