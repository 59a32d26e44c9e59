import EmbeddedKafka
import Foundation
import Synchronization

/// A TCP proxy in front of an embedded broker. It can require a password (SASL PLAIN), which the broker does not support, and
/// it replaces the broker's address in responses by its own address or a wrong one.
final class BrokerProxy: Sendable {
    private struct State {
        var passwords: Set<String>?
        var advertisedPort: UInt16
        var refusals = 0
        var connections: Set<LoopbackSocket> = []
        var isClosed = false
    }

    private let listener: LoopbackSocket
    private let brokerPort: UInt16
    private let state: Mutex<State>

    /// - Parameters:
    ///   - broker: a cluster of one broker.
    ///   - passwords: passwords with which clients can sign in; `nil` if no sign-in is required.
    init(for broker: EmbeddedKafka, passwords: Set<String>? = nil) throws {
        listener = try LoopbackSocket(isListening: true)
        brokerPort = broker.bootstrapServers.split(separator: ":").last.flatMap { UInt16($0) } ?? 0
        state = Mutex(State(passwords: passwords, advertisedPort: listener.port))
        let thread = Thread { [self] in
            while let client = listener.accept() { serve(client) }
        }
        thread.start()
    }

    var bootstrapServers: String { "127.0.0.1:\(listener.port)" }

    /// Passwords with which clients can sign in. A change affects connections that are opened later.
    var passwords: Set<String>? {
        get { state.withLock { $0.passwords } }
        set { state.withLock { $0.passwords = newValue } }
    }

    /// How often a password was refused.
    var refusals: Int { state.withLock { $0.refusals } }

    /// The port that the broker's responses advertise; initially the proxy's own.
    var advertisedPort: UInt16 {
        get { state.withLock { $0.advertisedPort } }
        set { state.withLock { $0.advertisedPort = newValue } }
    }

    /// Closes all open connections. Clients can open new ones.
    func disconnect() {
        state.withLock { state in
            for connection in state.connections { connection.shutDown() }
        }
    }

    /// Closes all connections and accepts no new ones.
    func close() {
        let isFirst = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        guard isFirst else { return }
        disconnect()
        listener.shutDown()
        listener.close()
    }

    // MARK: Connections

    private func serve(_ client: LoopbackSocket) {
        guard let broker = LoopbackSocket(connectedTo: brokerPort) else { return client.close() }
        let isWanted = state.withLock { state in
            if !state.isClosed { state.connections.formUnion([client, broker]) }
            return !state.isClosed
        }
        guard isWanted else {
            client.close()
            return broker.close()
        }
        let thread = Thread { [self] in
            let signIn = BrokerSignIn(client: client, broker: broker)
            if passwords == nil || signIn.run({ admits($0) }) { forward(client, broker) }
            // Remove them before they are closed, because their descriptors are reused afterwards.
            state.withLock { $0.connections.subtract([client, broker]) }
            client.close()
            broker.close()
        }
        thread.start()
    }

    private func admits(_ password: String) -> Bool {
        state.withLock { state in
            let isRight = state.passwords?.contains(password) ?? true
            if !isRight { state.refusals += 1 }
            return isRight
        }
    }

    /// Forwards bytes in both directions until either side closes the connection.
    private func forward(_ client: LoopbackSocket, _ broker: LoopbackSocket) {
        let end = DispatchSemaphore(value: 0)
        let answers = Thread { [self] in
            while let frame = broker.frame(), client.write(frame: readdressed(frame)) {}
            client.shutDown()
            broker.shutDown()
            end.signal()
        }
        answers.start()
        while let bytes = client.read(atMost: 1 << 16), broker.write(bytes) {}
        client.shutDown()
        broker.shutDown()
        end.wait()
    }

    /// A response with the advertised port in place of the broker's. In metadata and coordinator responses the host name is
    /// followed by the port, in four bytes.
    private func readdressed(_ frame: Data) -> Data {
        let (found, wanted) = (Self.address(brokerPort), Self.address(advertisedPort))
        var frame = frame
        var start = frame.startIndex
        while let range = frame.range(of: found, in: start..<frame.endIndex) {
            frame.replaceSubrange(range, with: wanted)
            start = range.upperBound
        }
        return frame
    }

    private static func address(_ port: UInt16) -> Data {
        var address = Data("127.0.0.1".utf8)
        address.append(integer: Int32(port))
        return address
    }
}
