import NIOCore
import NIOHTTP1

/// The server of a call: scheme, host and port of its URL.
struct CallTarget: Hashable {
    let isEncrypted: Bool
    /// In lower case, without brackets.
    let host: String
    let port: Int

    init(_ location: WebLocation) {
        isEncrypted = location.isEncrypted
        host = location.host
        port = location.port
    }

    /// The server's address where the URL names it by number; nil for a name.
    var address: SocketAddress? { try? SocketAddress(ipAddress: host, port: port) }

    /// The value of the `Host` header.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isEncrypted ? 443 : 80) ? name : "\(name):\(port)"
    }
}

extension ByteBuffer {
    /// The head of a request as it is sent.
    ///
    /// - Parameters:
    ///   - authority: The value of the `Host` header.
    ///   - rest: The URL after its host and port.
    init(_ outgoing: OutgoingRequest, authority: String, rest: Substring) throws(TransportFault) {
        let headers = outgoing.headers
        guard headers.areSendable else { throw .unsendableHeader }
        let path = rest.utf8.prefix { $0 != UInt8(ascii: "#") }
        guard path.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformedURL }
        let size = headers.reduce(128 + path.count + authority.utf8.count) { size, header in
            size + header.name.utf8.count + header.value.utf8.count + 4
        }
        self = ByteBufferAllocator().buffer(capacity: size)
        writeString(outgoing.method.rawValue)
        writeStaticString(path.first == UInt8(ascii: "/") ? " " : " /")
        writeBytes(path)
        writeStaticString(" HTTP/1.1\r\n")
        for (name, value) in headers where !Self.isFraming(name) { writeHeader(name, value) }
        if !headers.contains(name: "host") { writeHeader("host", authority) }
        if !headers.contains(name: "accept-encoding") { writeHeader("accept-encoding", "deflate, gzip") }
        let length = outgoing.body?.readableBytes ?? 0
        // Some servers refuse a POST without a length (411), others a GET with one.
        if length > 0 || ![.GET, .HEAD, .DELETE].contains(outgoing.method) {
            writeHeader("content-length", String(length))
        }
        writeStaticString("\r\n")
    }

    private mutating func writeHeader(_ name: String, _ value: String) {
        writeString(name)
        writeStaticString(": ")
        writeString(value)
        writeStaticString("\r\n")
    }

    /// Whether a header says where the request ends, which is for the transport to say.
    private static func isFraming(_ name: String) -> Bool {
        // Of no other length, so that most names are not compared.
        switch name.utf8.count {
        case 14: name.lowercased() == "content-length"
        case 17: name.lowercased() == "transfer-encoding"
        default: false
        }
    }
}
