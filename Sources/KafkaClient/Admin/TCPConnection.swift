import Foundation

/// Checks whether a TCP connection can be opened, for ``KafkaAdmin/unreachableBrokers(timeout:)``. Blocks.
enum TCPConnection {
    #if canImport(Glibc) || canImport(Musl)
        private static let stream = Int32(SOCK_STREAM.rawValue)
    #else
        private static let stream = SOCK_STREAM
    #endif

    private enum Outcome {
        case opened
        case unresolved(reason: String)
        /// The error of each address.
        case failed([Int32])
    }

    /// - Returns: why no connection could be opened, as the operating system reports it; `nil` when one was.
    static func problem(host: String, port: Int32, timeout: Duration) -> String? {
        switch outcome(host, port, timeout) {
        case .opened: nil
        case .unresolved(let reason): reason
        case .failed(let errors): errors.last.map { String(cString: strerror($0)) } ?? "the name has no address"
        }
    }

    /// Whether all addresses of the host refuse connections at once, apart from those that this machine has no route to.
    static func isRefused(host: String, port: Int32, timeout: Duration) -> Bool {
        guard case .failed(let errors) = outcome(host, port, timeout) else { return false }
        return isRefusal(errors)
    }

    /// Whether the errors of a host's addresses mean that no process listens there.
    static func isRefusal(_ errors: [Int32]) -> Bool {
        // A machine without IPv6 fails so for every IPv6 address.
        let reached = errors.filter { ![EAFNOSUPPORT, EADDRNOTAVAIL, ENETUNREACH].contains($0) }
        return !reached.isEmpty && reached.allSatisfy { $0 == ECONNREFUSED }
    }

    private static func outcome(_ host: String, _ port: Int32, _ timeout: Duration) -> Outcome {
        var hints = addrinfo()
        hints.ai_socktype = stream
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        guard code == 0 else { return .unresolved(reason: String(cString: gai_strerror(code))) }
        defer { freeaddrinfo(list) }
        var errors: [Int32] = []
        var next = list
        while let address = next?.pointee {
            guard let failure = connect(to: address, timeout) else { return .opened }
            errors.append(failure)
            next = address.ai_next
        }
        return .failed(errors)
    }

    /// - Returns: the error; `nil` when the connection was opened.
    private static func connect(to address: addrinfo, _ timeout: Duration) -> Int32? {
        let descriptor = socket(address.ai_family, address.ai_socktype, address.ai_protocol)
        guard descriptor >= 0 else { return errno }
        defer { close(descriptor) }
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
        if Foundation.connect(descriptor, address.ai_addr, address.ai_addrlen) == 0 { return nil }
        guard errno == EINPROGRESS else { return errno }
        var waiting = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        guard poll(&waiting, 1, timeout.milliseconds) > 0 else { return ETIMEDOUT }
        var failure: Int32 = 0
        var size = socklen_t(MemoryLayout<Int32>.size)
        getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &failure, &size)
        return failure == 0 ? nil : failure
    }
}
