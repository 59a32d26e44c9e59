import Crypto
import Primitives

/// AWS Signature Version 4 in the `Authorization` header, for requests to S3 and to the Security Token Service ("Signature
/// Version 4 signing process" in the AWS General Reference; for S3 the path is encoded once and `x-amz-content-sha256` is
/// signed as any header).
struct SignatureV4 {
    /// The parts of a request that are signed.
    struct Request {
        var method: String
        /// The path, percent-encoded once.
        var path: String
        /// Names and values, not encoded yet.
        var query: [(name: String, value: String)] = []
        /// Every header that is to be signed, `host` and `x-amz-date` among them.
        var headers: [(name: String, value: String)]
        /// The SHA-256 of the body in hexadecimal.
        var payloadHash: String
        /// `20130524T000000Z`.
        var timestamp: String
    }

    let accessKeyID: String
    let secretAccessKey: String
    let region: String
    let service: String

    /// The value of the `Authorization` header.
    func authorization(for request: Request) -> String {
        let scope = "\(request.timestamp.prefix(8))/\(region)/\(service)/aws4_request"
        let text =
            "AWS4-HMAC-SHA256\n\(request.timestamp)\n\(scope)\n"
            + sha256Hexadecimal(Array(Self.canonical(request).utf8))
        let signature = Hexadecimal.encoded(Self.hmac(key(String(request.timestamp.prefix(8))), text))
        return "AWS4-HMAC-SHA256 Credential=\(accessKeyID)/\(scope), "
            + "SignedHeaders=\(Self.signedHeaders(request)), Signature=\(signature)"
    }

    /// The canonical request.
    static func canonical(_ request: Request) -> String {
        let headers = sorted(request).map { "\($0.name):\($0.value)\n" }.joined()
        return [
            request.method, request.path.isEmpty ? "/" : request.path, canonicalQuery(request.query), headers,
            signedHeaders(request), request.payloadHash,
        ].joined(separator: "\n")
    }

    /// The query as it is signed, and sent.
    static func canonicalQuery(_ query: [(name: String, value: String)]) -> String {
        // Sorted by the bytes of what is encoded, which ASCII makes the same as by characters.
        query.map { ($0.name.percentEncoded(), $0.value.percentEncoded()) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }.joined(separator: "&")
    }

    private static func signedHeaders(_ request: Request) -> String {
        sorted(request).map(\.name).joined(separator: ";")
    }

    private static func sorted(_ request: Request) -> [(name: String, value: String)] {
        request.headers
            .map { (name: $0.name.lowercased(), value: collapsed($0.value)) }
            .sorted { $0.name < $1.name }
    }

    /// The value without blanks at both ends, and with one blank in place of several in a row.
    private static func collapsed(_ value: String) -> String {
        value.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }

    private func key(_ date: String) -> [UInt8] {
        [date, region, service, "aws4_request"].reduce(Array("AWS4\(secretAccessKey)".utf8)) { Self.hmac($0, $1) }
    }

    private static func hmac(_ key: [UInt8], _ text: String) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: SymmetricKey(data: key)))
    }
}
