import EmbeddedKafka
import Foundation
import Glibc
import KafkaClient
import Synchronization
import Testing
import TestSupport

/// Other servers at a broker's address, and brokers that do not answer.
@Suite struct ForeignServerTests {
    @Test func consumerSurvivesAnHTTPServerAtTheBrokersAddress() async throws {
        let server = try HTTPStandIn()
        let handler = RecordingHandler()
        let consumer = try KafkaConsumer(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:\(server.port)"),
            groupID: "group",
            handler: handler,
            logger: quiet
        )
        try await consumer.subscribe(["topic"])
        try await eventually("the foreign protocol is reported") {
            handler.seen.errors.contains { $0.code == .badMessage }
        }
        #expect(handler.seen.errors.allSatisfy { $0.fault != .fatal && $0.fault != .fenced })
        await consumer.close()
        server.close()
    }

    @Test func reachableBrokersAreNotReported() async throws {
        try await withEmbeddedKafka(brokers: 2) { kafka in
            let admin = try KafkaAdmin(configuration: kafka.configuration(), logger: quiet)
            #expect(try await admin.brokers().map(\.id) == [1, 2])
            #expect(try await admin.unreachableBrokers().isEmpty)
            await admin.close()
        }
    }

    @Test func clientErrorIsThrownByTheWaitingCall() async throws {
        let server = try HTTPStandIn()
        let errors = Mutex<[KafkaErrorCode]>([])
        let admin = try KafkaAdmin(
            configuration: KafkaConfiguration(bootstrapServers: "127.0.0.1:\(server.port)"),
            logger: quiet
        ) { error in
            errors.withLock { $0.append(error.code) }
        }
        await #expect(throws: KafkaError.self) { try await admin.topics(timeout: .seconds(2)) }
        #expect(errors.withLock { $0.contains(.badMessage) })
        await admin.close()
        server.close()
    }
}

/// Answers every connection with an HTTP error, as an HTTP server does.
final class HTTPStandIn: Sendable {
    let port: UInt16
    private let listener: Int32
    private let isClosed = Mutex(false)

    init() throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
                    && getsockname(listener, pointer, &size) == 0
            }
        }
        guard isListening else { throw CocoaError(.fileWriteUnknown) }
        self.listener = listener
        port = UInt16(bigEndian: address.sin_port)
        let thread = Thread { [listener] in
            let answer = Array("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".utf8)
            while true {
                let connection = accept(listener, nil, nil)
                guard connection >= 0 else { return }
                var buffer = [UInt8](repeating: 0, count: 1_024)
                _ = recv(connection, &buffer, buffer.count, 0)
                _ = send(connection, answer, answer.count, Int32(MSG_NOSIGNAL))
                Glibc.close(connection)
            }
        }
        thread.start()
    }

    func close() {
        let isFirst = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return !isClosed
        }
        guard isFirst else { return }
        shutdown(listener, Int32(SHUT_RDWR))
        Glibc.close(listener)
    }
}
