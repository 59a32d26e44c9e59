extension PayoutSandbox {
    /// An injected fault: its effect, its calls, and how often it happens.
    public struct Fault: Sendable, Equatable {
        /// A type of call.
        public enum Call: String, Sendable, CaseIterable, Codable {
            /// A request to a token endpoint.
            case token
            /// `POST` of an export.
            case create
            /// `GET` of an export.
            case get
            /// `DELETE` of an export.
            case delete
            /// A download.
            case blob
        }

        /// The form of an error's body.
        public enum ErrorBody: String, Sendable, CaseIterable, Codable {
            /// `{"error":{"code":…,"message":…,"innerError":{…}}}`
            case nested
            /// `{"code":…,"description":…,"data":…,"source":…}`
            case flat
            /// Nothing.
            case empty
            /// A gateway's HTML page.
            case html
        }

        /// The form of a `Retry-After` header.
        public enum RetryAfter: Sendable, Equatable {
            /// A number of seconds.
            case seconds(Int)
            /// An HTTP date that many seconds from now.
            case date(secondsFromNow: Int)
        }

        /// The form of the response to a creation or a poll.
        public enum Envelope: String, Sendable, CaseIterable, Codable {
            /// `{"value":[{…}],"nextLink":null,"totalCount":1}`, as documented.
            case documented
            /// `{"value":{…}}`
            case valueObject
            /// `[{…}]`
            case bareArray
            /// `{…}`
            case bareObject
            /// No body, the request id in the `Location` header's last path segment.
            case locationOnly
        }

        /// The letters of a status.
        public enum LetterCase: String, Sendable, CaseIterable, Codable {
            /// `completed`
            case lower
            /// `COMPLETED`
            case upper
        }

        /// What goes wrong.
        public enum Effect: Sendable, Equatable {
            /// An error response. With `afterEffect` the request has been carried out nevertheless.
            case status(Int, body: ErrorBody = .nested, retryAfter: RetryAfter? = nil, afterEffect: Bool = false)
            /// The request is carried out, then the connection closes without an answer.
            case lostAnswer
            /// The connection closes and nothing has been carried out.
            case closed
            /// The request is carried out, the answer comes late.
            case slow(Duration)
            /// Signing in is refused; applies to ``Call/token``.
            case signInError(SignInError)
            /// The answer has another form; applies to ``Call/create`` and ``Call/get``.
            case envelope(Envelope)
            /// The answer names this status instead of the real one; applies to ``Call/create`` and ``Call/get``.
            case statusText(String)
            /// The status is spelled otherwise; applies to ``Call/create`` and ``Call/get``.
            case statusCase(LetterCase)
            /// A completed export has no file yet; applies to ``Call/get``.
            case emptyBlobLocation
            /// The export that this call creates will end as Failed; applies to ``Call/create``.
            case exportFails
            /// The export is gone from this poll on; applies to ``Call/get``.
            case exportVanishes
            /// The body breaks off after this share of it (0..<1); applies to ``Call/blob``.
            case blobBreaks(after: Double)
            /// `Content-MD5` does not match; applies to ``Call/blob``.
            case wrongMD5
            /// The URL is treated as expired; applies to ``Call/blob``.
            case expiredURL
            /// The body pauses half-way; applies to ``Call/blob``.
            case blobStalls(Duration)
            /// The body comes one byte at a time, with this pause before each; applies to ``Call/blob``.
            case blobTrickles(Duration)
            /// The response is a sign-in page instead of the file, with status 200; applies to ``Call/blob``.
            case blobPage
            /// The answer has neither length nor checksum, and its connection closes after this share (0...1) of the file;
            /// applies to ``Call/blob``.
            case blobUnframed(after: Double)
            /// A completed export names this URL as its file's; applies to ``Call/get``.
            case blobLocation(String)
        }

        /// The three calls of the export API.
        public static let apiCalls: Set<Call> = [.create, .get, .delete]

        /// What goes wrong.
        public var effect: Effect
        /// At which calls.
        public var calls: Set<Call>
        /// At what share of them, in 0...1.
        public var probability: Double
        /// How often it still happens; nil for no limit.
        public var count: Int?

        /// Creates a fault; without `calls` it applies wherever its effect makes sense.
        public init(_ effect: Effect, on calls: Set<Call>? = nil, probability: Double = 1, count: Int? = nil) {
            self.effect = effect
            self.calls = calls ?? effect.usualCalls
            self.probability = probability
            self.count = count
        }
    }
}

extension PayoutSandbox.Fault.Effect {
    fileprivate var usualCalls: Set<PayoutSandbox.Fault.Call> {
        switch self {
        case .status, .lostAnswer, .closed, .slow: PayoutSandbox.Fault.apiCalls
        case .signInError: [.token]
        case .envelope, .statusText, .statusCase: [.create, .get]
        case .emptyBlobLocation, .exportVanishes, .blobLocation: [.get]
        case .exportFails: [.create]
        case .blobBreaks, .wrongMD5, .expiredURL, .blobStalls, .blobTrickles, .blobPage, .blobUnframed: [.blob]
        }
    }

    /// The name in documents and statistics.
    var name: String {
        switch self {
        case .status: "status"
        case .lostAnswer: "lostAnswer"
        case .closed: "closed"
        case .slow: "slow"
        case .signInError: "signInError"
        case .envelope: "envelope"
        case .statusText: "statusText"
        case .statusCase: "statusCase"
        case .emptyBlobLocation: "emptyBlobLocation"
        case .exportFails: "exportFails"
        case .exportVanishes: "exportVanishes"
        case .blobBreaks: "blobBreaks"
        case .wrongMD5: "wrongMD5"
        case .expiredURL: "expiredURL"
        case .blobStalls: "blobStalls"
        case .blobTrickles: "blobTrickles"
        case .blobPage: "blobPage"
        case .blobUnframed: "blobUnframed"
        case .blobLocation: "blobLocation"
        }
    }
}
