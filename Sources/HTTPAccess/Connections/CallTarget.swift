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

extension HTTPRequestHead {
    /// The head of a request as it is written: with the header fields that frame it.
    ///
    /// - Parameters:
    ///   - authority: The value of the `Host` header.
    ///   - rest: The URL after its host and port.
    init(_ outgoing: OutgoingRequest, authority: String, rest: Substring) throws(TransportFault) {
        var headers = outgoing.headers
        guard headers.areSendable else { throw .unsendableHeader }
        headers.remove(name: "content-length")
        headers.remove(name: "transfer-encoding")
        if !headers.contains(name: "host") { headers.add(name: "host", value: authority) }
        // As the decompressor would add it, which then need not copy the head.
        if !headers.contains(name: "accept-encoding") { headers.add(name: "accept-encoding", value: "deflate, gzip") }
        let length = outgoing.body?.readableBytes ?? 0
        // Some servers refuse a POST without a length (411), others a GET with one.
        if length > 0 || ![.GET, .HEAD, .DELETE].contains(outgoing.method) {
            headers.add(name: "content-length", value: String(length))
        }
        let path = String(rest.utf8.prefix { $0 != UInt8(ascii: "#") }) ?? ""
        guard path.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { throw .malformedURL }
        let uri = path.utf8.first == UInt8(ascii: "/") ? path : "/" + path
        self.init(version: .http1_1, method: outgoing.method, uri: uri, headers: headers)
    }
}
