extension PayoutSandbox {
    /// What the sandbox knows of one export: for checks afterwards.
    public struct ExportFacts: Sendable, Equatable {
        /// The kind, as in the path.
        public enum Kind: String, Sendable {
            /// `/v1.0/payouts/transactionhistory`
            case transactionHistory = "transactionhistory"
            /// `/v1.0/payouts/payments`
            case payments
        }

        /// Where an export stands.
        public enum State: String, Sendable, CaseIterable {
            /// Waits.
            case queued = "Queued"
            /// Is being made.
            case processing = "Processing"
            /// Is done.
            case completed = "Completed"
            /// Was given up by the service.
            case failed = "Failed"
            /// Was deleted by a client, or by hand.
            case deleted = "Deleted"
            /// Is gone without anybody having deleted it.
            case vanished = "Vanished"
        }

        /// The export's id.
        public var requestID: String
        /// The kind.
        public var kind: Kind
        /// The name of the account that created it.
        public var account: String
        /// `csv` or `tsv`.
        public var fileFormat: String
        /// The filter as it came, decoded; empty for none.
        public var filter: String
        /// The `ms-requestid` that created it, if there was one.
        public var idempotencyID: String?
        /// The `ms-correlationid` that created it, if there was one.
        public var correlationID: String?
        /// How many exports were created under this idempotency id; 1 is right.
        public var exportsOfIdempotencyID: Int
        /// How many creations under this idempotency id took effect, repeated ones included.
        public var requestsOfIdempotencyID: Int
        /// When it was created, in nanoseconds since the Unix epoch.
        public var created: Int64
        /// When it is or was being processed, in nanoseconds since the Unix epoch.
        public var processingStart: Int64
        /// When it is or was done, in nanoseconds since the Unix epoch.
        public var finished: Int64
        /// Its state.
        public var state: State
        /// How often it was polled.
        public var looks: Int
        /// How many downloads began.
        public var downloads: Int
        /// How many downloads were completed.
        public var completedDownloads: Int
    }

    /// Counts since the start or the last reset.
    public struct Stats: Sendable, Equatable {
        /// Answers by type of call and status code; 0 stands for a connection that was closed without an answer.
        public var answers: [Fault.Call: [Int: Int]] = [:]
        /// Faults that happened, by name.
        public var faults: [String: Int] = [:]
        /// Exports that were created.
        public var exportsCreated = 0
        /// Exports beyond the first under one idempotency id.
        public var duplicateExports = 0
        /// Creations that were answered with an export that existed already.
        public var repeatedCreates = 0
        /// Creations that reused an idempotency id for something else.
        public var idempotencyConflicts = 0
        /// Creations without an idempotency id.
        public var createsWithoutIdempotencyID = 0
        /// Exports that were deleted.
        public var exportsDeleted = 0
        /// Deletions that were refused because the export was being processed.
        public var deletesRefused = 0
        /// Calls refused by the rate limit.
        public var rateLimited = 0
        /// Access tokens that were issued.
        public var tokensIssued = 0
        /// Sign-ins that were refused.
        public var signInsRefused = 0
        /// Calls refused because the token lacks multi-factor authentication.
        public var mfaRefused = 0
        /// Downloads that carried an `Authorization` header.
        public var authorizationLeaks = 0
        /// Downloads that began.
        public var downloads = 0
        /// Downloads that were completed.
        public var completedDownloads = 0
        /// Bytes of files that were sent.
        public var blobBytes = 0

        /// Nothing has happened yet.
        public init() {}

        /// All answers to one type of call.
        public func total(_ call: Fault.Call) -> Int {
            answers[call, default: [:]].values.reduce(0, +)
        }
    }
}
