package import ExportCore

/// What the console can change, by records of the jobs topic.
package protocol ConsoleActions: Sendable {
    /// Cancels a job in its partition.
    func cancel(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure)
    /// Enqueues a job again that failed or was cancelled.
    ///
    /// - Returns: the new job's id.
    func retry(_ jobID: String, partition: Int32) async throws(ConsoleActionFailure) -> String
    /// Pauses jobs in every partition.
    ///
    /// - Returns: how many partitions there are.
    func pause(_ pause: JobPause) async throws(ConsoleActionFailure) -> Int
    /// Ends pauses in every partition.
    ///
    /// - Returns: how many partitions there are.
    func resume(_ target: PauseTarget) async throws(ConsoleActionFailure) -> Int
}

/// Why an action was not performed.
package struct ConsoleActionFailure: Error, Equatable {
    /// Whether the request cannot succeed as it is; otherwise it may later.
    package var isFinal: Bool
    /// What happened, and what to do.
    package var message: String

    /// Creates a failure.
    package init(isFinal: Bool, message: String) {
        self.isFinal = isFinal
        self.message = message
    }
}
