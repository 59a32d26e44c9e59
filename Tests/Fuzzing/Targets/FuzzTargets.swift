import AsyncHTTPClient
import Foundation
import HTTPAccess
import NIOCore
import NIOHTTP1
import PayoutFilters
import Primitives

@testable import EntraIdentity
@testable import PayoutAPI

extension FuzzTarget {
    static let filters = FuzzTarget(
        name: "filters",
        dictionary: [
            "payoutStatusUpdateTS", "payoutStatus", "enrollmentParticipantId", "eq", "ne", "gt", "ge", "lt", "le",
            "and", "or",
            "not", "(", ")", "'", "''", "\u{2018}", "\u{2019}", "=", "==", "&&", "||", "?$filter=", "2023-03-01",
            "2023-03-01T00:00:00.1234567Z", "datetime'2023-03-01'", "1e400", "-0.0", "null", "%20", "\u{A0}", "in",
            "contains(", "\u{0}", "\u{1F469}\u{200D}\u{1F467}",
        ]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        for kind in PayoutKind.allCases {
            let parsed = ODataFilter.parse(text, for: kind)
            if parsed.isWellFormed != parsed.errors.isEmpty { return "an expression and errors, or neither" }
            if parsed.diagnostics.count > 32 { return "too many diagnostics" }
            for diagnostic in parsed.diagnostics
            where !(0...text.utf8.count).contains(diagnostic.utf8Offset)
                || !(0...text.count).contains(diagnostic.characterOffset)
            {
                return "a place outside the text"
            }
            guard let expression = parsed.expression else { continue }
            if ODataFilter.parse(expression.description).expression != expression { return "does not read back" }
        }
        return nil
    }

    static let envelopes = FuzzTarget(
        name: "envelopes",
        dictionary: [
            "\"value\":", "\"requestId\":", "\"status\":", "\"blobLocation\":", "\"requestDateTime\":", "\"Completed\"",
            "null", "true", "[", "]", "{", "}", ",", "\"\"", "\\u0000", "\\ud83d", "\\\"", "1e9", "\u{FEFF}",
            "2023-05-25T21:20:46.3727561Z", "https://a.blob.core.windows.net/c/f?sig=x",
        ]
    ) { bytes in
        let items = try? ExportEnvelope(ByteBuffer(bytes: bytes)).items
        for item in items ?? [] {
            let export = Export(item, kind: .payments, requestID: "x", defaultStatus: .queued)
            if export.blobLocation?.unredacted.isEmpty == true { return "an empty place is a place" }
            if case .unknown(let text) = export.status, text.lowercased() == "completed" { return "a known status" }
        }
        // This reader must accept everything that a strict reader accepts.
        guard items == nil, let strict = try? JSONSerialization.jsonObject(with: Data(bytes)) else { return nil }
        return Self.depth(of: strict) > JSONReader.maximumDepth ? nil : "proper JSON is refused"
    }

    private static func depth(of value: Any) -> Int {
        switch value {
        case let object as [String: Any]: 1 + (object.values.map(Self.depth).max() ?? 0)
        case let array as [Any]: 1 + (array.map(Self.depth).max() ?? 0)
        default: 0
        }
    }

    static let errorBodies = FuzzTarget(
        name: "error-bodies",
        dictionary: [
            "{\"error\":", "\"code\":", "\"message\":", "\"innerError\":", "\"innererror\":", "\"target\":",
            "\"description\":", "\"source\":", "<Code>", "</Code>", "<Message>", "</Message>", "<title>", "</title>",
            "<", ">", "&lt;", plantedSecret, plantedSecret.percentEncoded(), "sig=\(plantedSecret)",
            "Bearer \(plantedSecret)", "\\u0050", "\r\n",
            "\u{FEFF}",
        ]
    ) { bytes in
        guard let error = ServiceError(body: ByteBuffer(bytes: bytes), secrets: [plantedSecret]) else { return nil }
        if error.isEmpty { return "an error that says nothing" }
        if error.innerCodes.count > 64 { return "\(error.innerCodes.count) inner codes" }
        let inner = error.innerCodes.joined(separator: " ")
        return leak(error.code, error.message, error.target, inner)
            ?? untidiness(error.code, error.message, error.target)
    }

    static let sasURLs = FuzzTarget(
        name: "sas-urls",
        dictionary: [
            "https://", "http://", "acct.blob.core.windows.net", ".blob.core.windows.net", "evil.example", "@", ":443",
            "127.0.0.1", "[::1]", "169.254.169.254", "0x7f.1", "%2e", "%2f", "%00", "?", "#", "&", "se=", "sig=", "\\",
            "2023-05-25T21%3A20%3A46Z", "..", "/", "\u{FF0F}", "\u{2044}", "xn--", "\t", " ",
        ]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let url = SASURL(text)
        _ = url.expiresAt
        let name = url.fileName
        if name.isEmpty || name.utf8.count > 200 || name.allSatisfy({ $0 == "." }) { return "no name: \(name)" }
        if name.unicodeScalars.contains(where: { $0 == "/" || $0 == "\\" || $0.value < 0x20 }) { return "a path" }
        if let mark = text.firstIndex(of: "?") {
            let query = text[mark...]
            if query.utf8.count > 20, url.description.contains(query) { return "the query shows" }
        }
        guard BlobHostRules.azure.objection(to: text) == nil else { return nil }
        // The allowed host must be the one that the HTTP client connects to.
        guard let request = try? HTTPClient.Request(url: text) else { return nil }
        let host = request.host.lowercased()
        let suffix = ".blob.core.windows.net"
        let isRight = host.hasSuffix(suffix) || host.hasSuffix(suffix + ".")
        return isRight && request.useTLS ? nil : "leads to \(request.host)"
    }

    static let tokens = FuzzTarget(
        name: "tokens",
        dictionary: [
            "\"access_token\":", "\"expires_in\":", "\"expires_on\":", "\"refresh_token\":", "\"error\":",
            "\"error_description\":", "\"error_codes\":[", "AADSTS", "AADSTS50053", "50126", "99999999999999999999",
            "\"3599\"", "-1", "1e400", "\"nan\"", "null", plantedSecret, "\"correlation_id\":",
            plantedSecret.percentEncoded(), "\\n",
        ]
    ) { bytes in
        let answer = TokenAnswer(ByteBuffer(bytes: bytes))
        if let grant = answer.grant(now: Date(timeIntervalSince1970: 1_800_000_000)) {
            if grant.accessToken.value.isEmpty { return "an empty token" }
            if let lifetime = grant.lifetime, lifetime < .seconds(1) || lifetime > .seconds(7 * 86_400) {
                return "a lifetime of \(lifetime)"
            }
            if "\(grant)".contains(grant.accessToken.value), grant.accessToken.value.count > 40 { return "it prints" }
        }
        for status in [200, 400, 401, 500] {
            let failure = answer.failure(status: status, account: "a", retryAfter: nil, secrets: [plantedSecret])
            if let problem = leak(failure.description, failure.correlationID, failure.detail) { return problem }
            if let problem = untidiness(failure.detail, failure.correlationID) { return problem }
            if status == 400, failure.reason == .throttled { return "throttled by 400" }
        }
        return nil
    }

    static let headers = FuzzTarget(
        name: "headers",
        dictionary: [
            "Sun, 06 Nov 1994 08:49:37 GMT", "nan", "inf", "1e308", "-", "bytes ", "/", "*", "9223372036854775807",
            "Nov",
            ":", "T", "Z", "+00:00", ".", "2023-05-25T21:20:46.3727561Z", "/v1.0/payouts/payments/", "('", "')", "%2F",
        ]
    ) { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        let now = Date(timeIntervalSince1970: 1_800_000_000)
        if let wait = retryAfter(in: ["retry-after": text], now: now), wait < .zero || wait > .seconds(86_400) {
            return "a wait of \(wait)"
        }
        for date in [Date(serviceText: text), Timestamp(httpDate: text).map(Date.init(_:))] {
            if let date, !date.timeIntervalSince1970.isFinite { return "no date" }
        }
        if let range = ContentRange(text), range.start < 0 { return "a range before the beginning" }
        if let digest = md5Digest(text), digest.count != 16 { return "a digest of \(digest.count) bytes" }
        _ = text.contentOfODataKey()
        _ = text.percentDecoded()
        return text.percentEncoded().percentDecoded() == text ? nil : "does not decode to itself"
    }
}
