import Primitives

extension PayoutSandbox {
    /// A time that an export spends in a state, drawn for each export.
    public enum Span: Sendable {
        /// The same for all exports.
        case fixed(Duration)
        /// Anything from the first to the second, equally likely.
        case uniform(Duration, Duration)
        /// Mostly short, sometimes long, never longer than `limit`.
        case exponential(mean: Duration, limit: Duration)
    }

    /// How exports live and answer.
    public struct ExportBehaviour: Sendable {
        /// The status code of a refused deletion; the service's pages name none.
        public enum DeleteRefusal: Int, Sendable {
            /// 400
            case badRequest = 400
            /// 409
            case conflict = 409
        }

        /// How long an export waits before it is processed.
        public var queued = Span.fixed(.zero)
        /// How long it is processed.
        public var processing = Span.fixed(.zero)
        /// Whether the response to a creation has the present state of the export instead of always `Queued`.
        public var createReturnsPresentState = false
        /// Whether a repeated `ms-requestid` is answered with the first export instead of a second one.
        public var honoursIdempotency = true
        /// How a deletion is refused while the export is processed.
        public var deleteRefusal = DeleteRefusal.badRequest
        /// The share of exports that end as Failed, in 0...1.
        public var failureProbability = 0.0
        /// The share of exports that are gone (404) when they should be done, in 0...1.
        public var vanishProbability = 0.0
        /// For how many polls after its completion an export has no file yet.
        public var emptyBlobLocationPolls = 0
        /// The share of exports without a file at the first poll after completion, in 0...1.
        public var emptyBlobLocationProbability = 0.0
        /// An export whose filter contains this text ends as Failed.
        public var failureMarker = "sandbox-fail"
        /// An export whose filter contains this text is gone (404) when it should be done.
        public var vanishMarker = "sandbox-vanish"
        /// An export whose filter contains this text followed by digits has a file of that many bytes.
        public var sizeMarker = "sandbox-size-"

        /// Exports that are done at once.
        public init() {}
    }

    /// What the files are like.
    public struct BlobBehaviour: Sendable {
        /// How big a file is, in bytes. A file holds at least its header row.
        public enum Size: Sendable {
            /// Always the same.
            case fixed(Int)
            /// Drawn for each export, the same at every download of it.
            case uniform(Int, Int)
        }

        /// What a file is.
        public enum Form: Sendable {
            /// Rows as text.
            case plain
            /// A ZIP archive with the text as its only, stored entry; at most 4 GiB less a little.
            case zip
        }

        /// How big a file is, before it is put into an archive.
        public var size = Size.fixed(4096)
        /// What a file is.
        public var form = Form.plain
        /// How long a file's URL works after the response that contains it.
        public var urlLifetime = Duration.seconds(3600)
        /// The largest file that is sent with `Content-MD5`, in bytes; 0 for none. Computing it costs reading the file twice.
        public var contentMD5Limit = 1024 * 1024

        /// Plain files of 4 KiB.
        public init() {}
    }
}

extension PayoutSandbox.Span {
    /// Draws a time in nanoseconds.
    func draw(using generator: inout SplitMix64) -> Int64 {
        switch self {
        case .fixed(let duration):
            return max(0, duration.inNanoseconds)
        case .uniform(let first, let second):
            let low = max(0, min(first, second).inNanoseconds)
            let high = max(low, max(first, second).inNanoseconds)
            return low + Int64(generator.unit() * Double(high - low))
        case .exponential(let mean, let limit):
            let drawn = -Double(mean.inNanoseconds) * logarithm(1 - generator.unit())
            return Int64(min(max(0, drawn), Double(max(0, limit.inNanoseconds))))
        }
    }
}
