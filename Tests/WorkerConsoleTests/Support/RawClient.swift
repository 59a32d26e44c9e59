import Foundation

/// An answer as it came over the socket.
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

/// A client of a few lines: it sends one request and reads what comes, without a library's good manners.
enum RawClient {
    struct Failure: Error { var step: String }

    /// Sends a request to loopback and reads until the server closes, or until `enough` says so.
    static func send(
        _ path: String,
        method: String = "GET",
        port: Int,
        enough: @escaping @Sendable (String) -> Bool = { _ in false }
    ) async throws -> RawAnswer {
        try await withCheckedThrowingContinuation { continuation in
            // A thread of its own: a blocked one of the pool would hold everybody up.
            Thread {
                continuation.resume(
                    with: Result { try exchange(method, path, port: port, enough: enough) }
                )
            }.start()
        }
    }

    private static func exchange(
        _ method: String,
        _ path: String,
        port: Int,
        enough: (String) -> Bool
    ) throws -> RawAnswer {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Failure(step: "socket") }
        defer { close(descriptor) }
        var limit = timeval(tv_sec: 60, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else { throw Failure(step: "connect") }
        let request = Array("\(method) \(path) HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n".utf8)
        guard write(descriptor, request, request.count) == request.count else { throw Failure(step: "write") }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count >= 0 else { throw Failure(step: "read") }
            if count == 0 { break }
            bytes += buffer[..<count]
            if enough(String(decoding: bytes, as: UTF8.self)) { break }
        }
        guard let answer = RawAnswer(String(decoding: bytes, as: UTF8.self)) else { throw Failure(step: "parse") }
        return answer
    }
}
