import Foundation

/// A response as received from the socket.
struct RawAnswer: Sendable {
    var status: Int
    var headers: [String: String]
    var body: String

    init?(_ text: String) {
        guard let end = text.range(of: "\r\n\r\n") else { return nil }
        var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
        let first = lines.removeFirst().split(separator: " ")
        guard first.count > 1, let status = Int(first[1]) else { return nil }
        self.status = status
        headers = [:]
        for line in lines {
            guard let colon = line.firstIndex(of: ":") else { continue }
            let value = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
            headers[line[..<colon].lowercased()] = value
        }
        body = String(text[end.upperBound...])
    }
}

/// A connection to loopback without an HTTP library, for invalid requests.
final class RawSocket: Sendable {
    struct Failure: Error { var step: String }

    private let descriptor: Int32

    /// Connects.
    ///
    /// - Parameter receiveBuffer: the size of the system's receive buffer in bytes; its default where `nil`.
    init(port: Int, receiveBuffer: Int32? = nil) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        // Only bounds a hang.
        var limit = timeval(tv_sec: 300, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        // The end of the object closes the socket, also here.
        guard connected == 0 else { throw Failure(step: "connect") }
    }

    deinit { close(descriptor) }

    func send(_ text: String) throws {
        let bytes = Array(text.utf8)
        guard Foundation.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
            throw Failure(step: "write")
        }
    }

    /// Reads until the server closes, or until `enough` returns true. Blocks.
    func read(until enough: (String) -> Bool = { _ in false }) throws -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Foundation.read(descriptor, &buffer, buffer.count)
            // A connection that is closed with data on its way is reset.
            if count == 0 || (count < 0 && errno == ECONNRESET) { break }
            guard count > 0 else { throw Failure(step: "read") }
            bytes += buffer[..<count]
            if enough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// The beginning of what has arrived, without reading it.
    var unread: String {
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
        return String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
    }

    /// Whether the server has closed the connection, without waiting.
    var isClosed: Bool {
        var byte: UInt8 = 0
        let count = recv(descriptor, &byte, 1, Int32(MSG_PEEK | MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
    }
}

/// Runs a blocking body on its own thread, so that it does not block the thread pool of other tests.
func onThread<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
    try await withCheckedThrowingContinuation { continuation in
        Thread { continuation.resume(with: Swift.Result { try body() }) }.start()
    }
}

/// A minimal client: it sends one request and reads the response.
enum RawClient {
    struct Failure: Error { var step: String }

    /// Sends a request to loopback and reads until the server closes, or until `enough` returns true.
    static func send(
        _ path: String,
        method: String = "GET",
        host: String? = "127.0.0.1",
        port: Int,
        enough: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> RawAnswer {
        let hostLine = host.map { "Host: \($0)\r\n" } ?? ""
        return try await raw(
            "\(method) \(path) HTTP/1.1\r\n\(hostLine)Connection: close\r\n\r\n",
            port: port,
            enough: enough
        )
    }

    /// Sends bytes as they are.
    static func raw(
        _ request: String,
        port: Int,
        enough: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> RawAnswer {
        try await onThread {
            let socket = try RawSocket(port: port)
            try socket.send(request)
            guard let answer = RawAnswer(try socket.read(until: enough)) else { throw Failure(step: "parse") }
            return answer
        }
    }
}
