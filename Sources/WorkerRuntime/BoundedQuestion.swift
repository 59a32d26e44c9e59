/// Asks a question and waits for the answer, at most until the limit is over or the caller's task is cancelled.
///
/// The question itself is not cancelled: it may be answered later, when no caller waits for it any more.
///
/// - Parameters:
///   - limit: how long to wait; `nil` waits until there is an answer.
///   - ask: the question.
/// - Returns: `nil` when there was no answer in time.
public func answer<Value: Sendable>(
    within limit: Duration? = nil,
    _ ask: @escaping @Sendable () async -> Value
) async -> Value? {
    let (answers, continuation) = AsyncStream.makeStream(of: Value.self)
    // Not a child task, because the caller's scope would wait for its end.
    Task { continuation.yield(await ask()) }
    return await withTaskGroup(of: Void.self) { group in
        if let limit {
            group.addTask { if await slept(for: limit) { continuation.finish() } }
        }
        defer { group.cancelAll() }
        return await answers.first { _ in true }
    }
}
