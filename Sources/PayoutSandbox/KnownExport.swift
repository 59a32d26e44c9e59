extension PayoutSandbox {
    /// An export of the first account that no call to this sandbox has created.
    public struct KnownExport: Sendable, Equatable {
        /// The export's id.
        public var requestID: String
        /// The kind.
        public var kind: ExportFacts.Kind
        /// `csv` or `tsv`.
        public var fileFormat: String
        /// The filter; empty for none.
        public var filter: String
        /// The `ms-requestid` that created it, if there was one.
        public var idempotencyID: String?

        /// Creates an export.
        public init(
            requestID: String,
            kind: ExportFacts.Kind,
            fileFormat: String = "csv",
            filter: String = "",
            idempotencyID: String? = nil
        ) {
            self.requestID = requestID
            self.kind = kind
            self.fileFormat = fileFormat
            self.filter = filter
            self.idempotencyID = idempotencyID
        }
    }
}
