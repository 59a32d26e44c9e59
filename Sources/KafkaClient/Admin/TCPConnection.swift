import Foundation

/// Checks whether a TCP connection can be opened, for ``KafkaAdmin/unreachableBrokers(timeout:)``. Blocks.
enum TCPConnection {
    #if canImport(Glibc) || canImport(Musl)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif

    /// - Returns: why no connection could be opened, as the operating system reports it; `nil` when one was.
    static func problem(host: String, port: Int32, timeout: Duration) -> String? {
        var hints = addrinfo()
        hints.ai_socktype = stream
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return String(cString: gai_strerror(code)) }
        defer { freeaddrinfo(list) }
        var problem = "the name has no address"
        var next = list
        while let address = next?.pointee {
            guard let failure = connect(to: address, timeout) else { return nil }
            problem = failure
            next = address.ai_next
        }
        return problem
    }

    /// Whether all addresses of the host refuse connections at once.
    static func isRefused(host: String, port: Int32, timeout: Duration) -> Bool {
        problem(host: host, port: port, timeout: timeout) == text(ECONNREFUSED)
    }

    private static func connect(to address: addrinfo, _ timeout: Duration) -> String? {
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return text(errno) }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        if Foundation.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return text(errno) }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, timeout.milliseconds) > 0 else { return text(ETIMEDOUT) }
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
        return failure == 0 ? nil : text(failure)
    }

    private static func text(_ number: Int32) -> String { String(cString: strerror(number)) }
}
