import Crypto
import Foundation
import HTTPTypes
import NIOCore
import Primitives
import Synchronization

/// A stand-in for a container of Azure Blob Storage, after the service's documentation: Put Blob, Put Block, Put Block List
/// and Get Blob with their requirements for headers, ids, order and digests, and a token endpoint.
///
/// It checks the documentation's requirements only.
public final class AzureStandIn: Sendable {
    /// A blob as it was committed.
    public struct Blob: Sendable {
        /// Its content.
        public var bytes: [UInt8]
        /// `Content-Type`, as it was put.
        public var contentType: String?
        /// `Content-MD5`, as it was put.
        public var contentMD5: String?
        /// Its metadata.
        public var metadata: [String: String]
        /// Of how many blocks it was made.
        public var blocks: Int
    }

    private struct State {
        var blobs: [String: Blob] = [:]
        /// Blocks that no list has named yet, by blob and id.
        var blocks: [String: [String: [UInt8]]] = [:]
        var requests = 0
        var faults: [StandInReply] = []
        var objections: [String] = []
        var tokens = 0
        var keepsContent = true
    }

    /// The storage account.
    public static let account = "finance"
    /// The one container.
    public static let container = "exports"
    /// The one shared access signature.
    public static let signature =
        "sv=2021-12-02&sr=c&sp=cw&se=2099-01-01T00%3A00%3A00Z&sig=c2VjcmV0LXNpZ25hdHVyZQ%3D%3D"
    /// The secret of the one application, `app` of the tenant `tenant`.
    public static let clientSecret = "the-client-secret"

    private let state: Mutex<State>

    /// Creates an empty container.
    ///
    /// - Parameter keepsContent: Whether blobs keep their bytes; without it files may be larger than the memory.
    public init(keepsContent: Bool = true) {
        var state = State()
        state.keepsContent = keepsContent
        self.state = Mutex(state)
    }

    /// Violations of the documentation, with or without an error response.
    public var objections: [String] { state.withLock { $0.objections } }
    /// Requests so far.
    public var requests: Int { state.withLock { $0.requests } }
    /// Tokens issued so far.
    public var tokensIssued: Int { state.withLock { $0.tokens } }
    /// A committed blob.
    public func blob(_ name: String) -> Blob? { state.withLock { $0.blobs[name] } }
    /// Blobs that have uncommitted blocks.
    public var unfinished: [String] { state.withLock { $0.blocks.filter { !$0.value.isEmpty }.map(\.key) } }

    /// Sets the replies to the next requests.
    public func answerNext(with replies: [StandInReply]) { state.withLock { $0.faults += replies } }

    /// Requires a new token from now on.
    public func revokeTokens() { state.withLock { $0.tokens += 1 } }

    /// The answer to a request.
    public func reply(to request: StandInRequest) -> StandInReply {
        state.withLock { state in
            state.requests += 1
            if request.path.hasSuffix("/oauth2/v2.0/token") { return Self.token(request, &state) }
            if !state.faults.isEmpty { return state.faults.removeFirst() }
            do throws(Refusal) {
                return try Self.blobReply(request, &state)
            } catch {
                state.objections.append("\(error.code): \(error.why)")
                let headers = [("x-ms-error-code", error.code), ("x-ms-request-id", "r-1")]
                return StandInReply(error.status, headers: headers, body: "<Error/>")
            }
        }
    }

    // MARK: Tokens

    private static func token(_ request: StandInRequest, _ state: inout State) -> StandInReply {
        var form = request
        form.query = String(buffer: request.body)
        guard form.item("grant_type") == "client_credentials", form.item("client_id") == "app",
            form.item("scope") == "https://storage.azure.com/.default", request.path.hasPrefix("/tenant/")
        else {
            return StandInReply(400, body: #"{"error":"invalid_request","error_description":"AADSTS900144: no"}"#)
        }
        guard form.item("client_secret") == clientSecret else {
            let text = "AADSTS7000215: Invalid client secret provided: \(form.item("client_secret") ?? "")"
            return StandInReply(401, body: #"{"error":"invalid_client","error_description":"\#(text)"}"#)
        }
        state.tokens += 1
        return StandInReply(
            200,
            body: #"{"token_type":"Bearer","expires_in":3599,"access_token":"token-\#(state.tokens)"}"#
        )
    }

    // MARK: Blobs

    private struct Refusal: Error {
        var status: Int
        var code: String
        var why: String

        init(_ status: Int, _ code: String, _ why: String) { (self.status, self.code, self.why) = (status, code, why) }
    }

    private static func blobReply(
        _ request: StandInRequest,
        _ state: inout State
    ) throws(Refusal) -> StandInReply {
        let path = request.path.split(separator: "/", maxSplits: 1).map { String($0).percentDecoded() }
        guard request.header("x-ms-version") == "2021-12-02" else {
            throw Refusal(400, "InvalidHeaderValue", "x-ms-version \(request.header("x-ms-version") ?? "is missing")")
        }
        guard let date = request.header("x-ms-date").flatMap(httpDate), abs(date.timeIntervalSinceNow) < 900 else {
            throw Refusal(403, "AuthenticationFailed", "x-ms-date is missing or too far from now")
        }
        if let problem = authorization(request, state) { throw Refusal(403, "AuthenticationFailed", problem) }
        guard path.count == 2, path[0] == container else { throw Refusal(404, "ContainerNotFound", request.path) }
        let name = path[1]
        if request.method == "GET" {
            guard let blob = state.blobs[name] else {
                return StandInReply(404, headers: [("x-ms-error-code", "BlobNotFound")])
            }
            var reply = StandInReply(200)
            reply.body = blob.bytes
            return reply
        }
        guard request.method == "PUT" else { throw Refusal(405, "UnsupportedHttpVerb", request.method) }
        let bytes = Array(buffer: request.body)
        guard let md5 = request.header("content-md5") else {
            throw Refusal(400, "MissingRequiredHeader", "content-md5")
        }
        guard md5 == Data(Insecure.MD5.hash(data: bytes)).base64EncodedString() else {
            throw Refusal(400, "Md5Mismatch", "the body has another MD5")
        }
        switch request.item("comp") {
        case "block": return try block(request, name, bytes, &state)
        case "blocklist": return try list(request, name, bytes, &state)
        case nil:
            guard request.header("x-ms-blob-type") == "BlockBlob" else {
                throw Refusal(400, "MissingRequiredHeader", "x-ms-blob-type")
            }
            return try commit(request, name, bytes, blocks: 0, &state)
        default: throw Refusal(400, "InvalidQueryParameterValue", "comp")
        }
    }

    private static func authorization(_ request: StandInRequest, _ state: State) -> String? {
        if let header = request.header("authorization") {
            if request.item("sig") != nil { return "both a token and a signature" }
            return header == "Bearer token-\(state.tokens)" ? nil : "the token is not the present one"
        }
        let expected = signature.split(separator: "&").map(String.init)
        let given = request.query.split(separator: "&").map(String.init)
        return expected.allSatisfy(given.contains) ? nil : "the signature is not this container's"
    }

    private static func block(
        _ request: StandInRequest,
        _ name: String,
        _ bytes: [UInt8],
        _ state: inout State
    ) throws(Refusal) -> StandInReply {
        guard let id = request.item("blockid"), let raw = Data(base64Encoded: id), (1...64).contains(raw.count) else {
            throw Refusal(400, "InvalidQueryParameterValue", "blockid is no Base64 of 1 to 64 bytes")
        }
        guard !bytes.isEmpty else { throw Refusal(400, "InvalidHeaderValue", "a block without bytes") }
        // All ids of a blob have the same length, those of other uploads included.
        guard state.blocks[name, default: [:]].keys.allSatisfy({ $0.utf8.count == id.utf8.count }) else {
            throw Refusal(400, "InvalidBlobOrBlock", "ids of different lengths")
        }
        state.blocks[name, default: [:]][id] = state.keepsContent ? bytes : []
        return StandInReply(201)
    }

    private static func list(
        _ request: StandInRequest,
        _ name: String,
        _ bytes: [UInt8],
        _ state: inout State
    ) throws(Refusal) -> StandInReply {
        let text = String(decoding: bytes, as: UTF8.self)
        guard text.hasPrefix("<?xml"), text.contains("<BlockList>"), text.hasSuffix("</BlockList>") else {
            throw Refusal(400, "InvalidXmlDocument", "no block list")
        }
        var content: [UInt8] = []
        var count = 0
        for piece in text.components(separatedBy: "<Uncommitted>").dropFirst() {
            let id = piece.components(separatedBy: "</Uncommitted>")[0]
            guard let block = state.blocks[name]?[id] else { throw Refusal(400, "InvalidBlockList", "block \(id)") }
            content += block
            count += 1
        }
        guard count > 0 else { throw Refusal(400, "InvalidBlockList", "it names no block") }
        return try commit(request, name, content, blocks: count, &state)
    }

    private static func commit(
        _ request: StandInRequest,
        _ name: String,
        _ bytes: [UInt8],
        blocks: Int,
        _ state: inout State
    ) throws(Refusal) -> StandInReply {
        var metadata: [String: String] = [:]
        for field in request.headers where field.name.canonicalName.hasPrefix("x-ms-meta-") {
            let key = String(field.name.canonicalName.dropFirst("x-ms-meta-".count))
            guard key.wholeMatch(of: /[a-z_][a-z0-9_]*/) != nil else {
                throw Refusal(400, "InvalidMetadata", "\(key) is no identifier")
            }
            metadata[key] = field.value
        }
        let md5 = request.header("x-ms-blob-content-md5")
        if let md5, Data(base64Encoded: md5)?.count != 16 { throw Refusal(400, "InvalidMd5", "no MD5") }
        state.blobs[name] = Blob(
            bytes: bytes,
            contentType: request.header("x-ms-blob-content-type"),
            contentMD5: md5,
            metadata: metadata,
            blocks: blocks
        )
        // Blocks that the list does not name are discarded.
        state.blocks[name] = nil
        return StandInReply(201)
    }

    private static func httpDate(_ text: String) -> Date? {
        let format = DateFormatter()
        format.locale = Locale(identifier: "en_US_POSIX")
        format.timeZone = TimeZone(identifier: "GMT")
        format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
        return format.date(from: text)
    }
}
