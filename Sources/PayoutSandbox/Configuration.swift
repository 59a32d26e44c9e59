public import Logging

extension PayoutSandbox {
    /// How the sandbox behaves. The presets (``instant``, ``demo``, ``realistic``) are starting points.
    public struct Configuration: Sendable {
        /// The address to listen on. Anything but a loopback address also needs ``allowsRemoteClients``.
        public var host = "127.0.0.1"
        /// The port to listen on; 0 takes a free one.
        public var port = 0
        /// Whether ``host`` may be an address that other machines reach. The sandbox protects nothing: its control paths
        /// answer every client.
        public var allowsRemoteClients = false
        /// The host in file URLs and ``PayoutSandbox/Address``, if it is not ``host`` (for example in a container).
        public var publicHost: String?
        /// Who may sign in. The first one is what ``PayoutSandbox/Address/environment`` describes.
        public var accounts: [Account] = [Account()]
        /// How long tokens live, and how refresh tokens are replaced.
        public var tokens = TokenPolicy()
        /// How a person signs in.
        public var signIn = SignInBehaviour()
        /// Whether tokens without multi-factor authentication are refused.
        public var mfa = MFAEnforcement()
        /// How exports live and answer.
        public var exports = ExportBehaviour()
        /// What the files are like.
        public var blobs = BlobBehaviour()
        /// A limit per account and type of call; none unless set.
        public var rateLimit: RateLimit?
        /// Faults that are on from the start.
        public var faults: [Fault] = []
        /// Makes identifiers, durations and fault draws repeatable; nil takes a fresh seed at every start.
        public var seed: UInt64?
        /// Answers control paths below `/_sandbox/` that the sandbox itself does not know; `nil` for paths that this closure
        /// does not know either.
        public var control: (@Sendable (ControlRequest) async -> ControlReply?)?
        /// The source of time.
        public var clock: any Clock = SystemClock()
        /// Where the server's own log goes. It never holds tokens, passwords or file signatures.
        public var logger = Logger(label: "payout-sandbox") { _ in SwiftLogNoOpLogHandler() }

        /// Exports that are done at the first poll, small files, no faults.
        public init() {}

        /// Exports that are done at the first poll, small files, no faults: for tests and benchmarks.
        public static var instant: Self { Self() }

        /// Exports that take two to eight seconds: for demonstrations.
        public static var demo: Self {
            var configuration = Self()
            configuration.exports.queued = .uniform(.milliseconds(500), .seconds(2))
            configuration.exports.processing = .uniform(.milliseconds(1500), .seconds(6))
            configuration.blobs.size = .uniform(16 * 1024, 256 * 1024)
            return configuration
        }

        /// Exports that take minutes to hours, larger files, a rate limit and occasional transient faults.
        public static var realistic: Self {
            var configuration = Self()
            configuration.exports.queued = .exponential(mean: .seconds(120), limit: .seconds(3600))
            configuration.exports.processing = .exponential(mean: .seconds(900), limit: .seconds(82_800))
            configuration.exports.emptyBlobLocationProbability = 0.05
            configuration.blobs.size = .uniform(64 * 1024, 16 * 1024 * 1024)
            configuration.rateLimit = RateLimit(requestsPerSecond: 20, burst: 40)
            configuration.faults = [
                Fault(.status(503, body: .html), on: Fault.apiCalls, probability: 0.002),
                Fault(.status(500, body: .flat), on: Fault.apiCalls, probability: 0.001),
                Fault(.lostAnswer, on: Fault.apiCalls, probability: 0.0005),
                Fault(.blobBreaks(after: 0.5), on: [.blob], probability: 0.005),
            ]
            return configuration
        }
    }

    /// A request to a control path.
    public struct ControlRequest: Sendable {
        /// The method, in capitals.
        public var method: String
        /// The path, without the query.
        public var path: String
        /// The body.
        public var body: [UInt8]

        /// Creates a request.
        public init(method: String, path: String, body: [UInt8] = []) {
            self.method = method
            self.path = path
            self.body = body
        }
    }

    /// An answer to a request to a control path.
    public struct ControlReply: Sendable {
        /// The HTTP status.
        public var status: Int
        /// A JSON document.
        public var json: [UInt8]

        /// Creates an answer.
        public init(status: Int = 200, json: [UInt8]) {
            self.status = status
            self.json = json
        }
    }

    /// A partner's user and application, as one tenant knows them.
    public struct Account: Sendable {
        /// Names the account in the journal.
        public var name = "default"
        /// The directory (tenant) id.
        public var tenantID = "7d1f2c3e-5a64-4b0e-9c58-2f0f1a6b7c8d"
        /// The application (client) id.
        public var clientID = "c0ffee00-1c6b-4a52-8d0f-6f3a9e1b2d4c"
        /// The user's name, compared without regard to case.
        public var username = "exports@contoso.example"
        /// The user's password.
        public var password = "sandbox-password"
        /// The application's secret. If it is set, client credentials work, and a wrong secret is refused in every flow.
        public var clientSecret: String? = "sandbox-client-secret"
        /// Whether the application may sign users in without its secret ("Allow public client flows").
        public var allowsPublicClientFlows = true
        /// A refresh token that is valid from the start; nil for none.
        public var refreshToken: String? = "sandbox-refresh-token"
        /// Whether that refresh token was obtained with multi-factor authentication.
        public var refreshTokenHasMFA = true
        /// Where a browser may be sent after a sign-in. `http://localhost` stands for each of its ports.
        public var redirectURIs = ["http://localhost"]
        /// What keeps the account from signing in, if anything does.
        public var refusal: SignInError?
        /// After how many wrong passwords in a row the account is locked.
        public var lockoutThreshold = 10
        /// How long a lock lasts; each attempt during a lock restarts it.
        public var lockoutDuration = Duration.seconds(60)

        /// The sandbox's default account.
        public init(name: String = "default") {
            self.name = name
        }
    }

    /// How long tokens live, and how refresh tokens are replaced.
    public struct TokenPolicy: Sendable {
        /// What becomes of a refresh token that was used.
        public enum Rotation: Sendable {
            /// The response has no new refresh token.
            case none
            /// The response has a new one, and the used one works until it expires.
            case keepsPrevious
            /// The response has a new one, and the used one no longer works.
            case replacesPrevious
        }

        /// How long an access token works.
        public var lifetime = Duration.seconds(3599)
        /// How long a refresh token works after it was last used.
        public var refreshTokenLifetime = Duration.seconds(90 * 86_400)
        /// The audience that tokens name, where it is not the one that was asked for.
        public var audience: String?
        /// What becomes of a refresh token that was used.
        public var rotation = Rotation.keepsPrevious

        /// An hour less a second, as Microsoft's identity platform does.
        public init() {}
    }

    /// A limit per account and type of call, kept as a token bucket.
    public struct RateLimit: Sendable {
        /// How many calls of one type an account may make per second in the long run.
        public var requestsPerSecond: Double
        /// How many calls may come at once.
        public var burst: Double
        /// How the answer says when to come back.
        public var retryAfter: Fault.RetryAfter?

        /// Creates a limit; `retryAfter` of nil omits the header. Its seconds are the minimum of the header's value.
        public init(requestsPerSecond: Double, burst: Double, retryAfter: Fault.RetryAfter? = .seconds(1)) {
            self.requestsPerSecond = requestsPerSecond
            self.burst = burst
            self.retryAfter = retryAfter
        }
    }
}
