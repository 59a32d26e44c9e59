import Foundation
import Testing

/// A TCP socket on loopback. Its calls block, so use it on separate threads.
struct LoopbackSocket: Sendable, Hashable {
    struct Failure: Error { var code: Int32 }

    private let descriptor: Int32
    /// The port that it is bound to.
    let port: UInt16

    /// Binds a port.
    ///
    /// - Parameters:
    ///   - isListening: whether it accepts connections. If not, it reserves its port, and connections to it are refused.
    ///   - port: the port; zero for a free one of the system's choice.
    init(isListening: Bool, port: UInt16 = 0) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(port)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) == 0 && getsockname(descriptor, $0, &size) == 0
            }
        }
        guard isBound, !isListening || listen(descriptor, 64) == 0 else {
            _ = Foundation.close(descriptor)
            throw Failure(code: errno)
        }
        self.port = UInt16(bigEndian: address.sin_port)
    }

    /// Connects to a port on loopback; `nil` if that fails.
    init?(connectedTo port: UInt16) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        self.port = port
        var address = Self.address(port)
        let descriptor = descriptor
        let isConnected = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected else {
            close()
            return nil
        }
    }

    private init(descriptor: Int32, port: UInt16) {
        self.descriptor = descriptor
        self.port = port
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        address.sin_port = port.bigEndian
        return address
    }

    /// Waits for the next connection; `nil` after the socket was shut down.
    func accept() -> LoopbackSocket? {
        while true {
            let connection = Foundation.accept(descriptor, nil, nil)
            if connection >= 0 { return LoopbackSocket(descriptor: connection, port: port) }
            guard errno == EINTR || errno == ECONNABORTED else { return nil }
        }
    }

    /// The received bytes, at least one and at most this many; `nil` at the end of the connection.
    func read(atMost count: Int) -> Data? {
        var bytes = [UInt8](repeating: 0, count: count)
        while true {
            let received = recv(descriptor, &bytes, count, 0)
            if received > 0 { return Data(bytes[..<received]) }
            guard received < 0, errno == EINTR else { return nil }
        }
    }

    /// Returns whether all bytes were sent.
    func write(_ data: Data) -> Bool {
        data.withUnsafeBytes { bytes in
            var sent = 0
            while sent < bytes.count {
                let rest = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                let count = send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
                if count > 0 { sent += count } else if errno != EINTR { return false }
            }
            return true
        }
    }

    /// Ends blocked calls on all threads.
    func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

    func close() { _ = Foundation.close(descriptor) }
}

extension LoopbackSocket {
    /// A frame of Kafka's protocol without its size; `nil` at the end of the connection.
    func frame() -> Data? {
        guard let size = read(exactly: 4).map({ $0.integer(Int32.self, at: 0) }), (0...(128 << 20)).contains(size)
        else { return nil }
        return read(exactly: Int(size))
    }

    func write(frame: Data) -> Bool {
        var all = Data()
        all.append(integer: Int32(frame.count))
        return write(all + frame)
    }

    private func read(exactly count: Int) -> Data? {
        var data = Data()
        while data.count < count {
            guard let more = read(atMost: min(count - data.count, 1 << 20)) else { return nil }
            data.append(more)
        }
        return data
    }
}

/// Numbers in Kafka's format, most significant byte first.
extension Data {
    /// The number at this position; zero if the data is too short.
    func integer<Number: FixedWidthInteger>(_ type: Number.Type, at position: Int) -> Number {
        let bytes = dropFirst(position).prefix(Number.bitWidth / 8)
        guard bytes.count == Number.bitWidth / 8 else { return 0 }
        return bytes.reduce(0) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }

    mutating func append<Number: FixedWidthInteger>(integer: Number) {
        Swift.withUnsafeBytes(of: integer.bigEndian) { append(contentsOf: $0) }
    }
}
