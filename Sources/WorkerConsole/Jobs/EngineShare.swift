/// The part of the engine's thread that a kind of question may take, however many clients ask.
struct EngineShare: Sendable {
    /// Hundredths of the thread's time.
    let percent: Int

    /// What a question costs the engine's thread beside its own work, an estimate: the thread wakes up, and sleeps again.
    private static let wake: Duration = .microseconds(20)

    /// How long the engine rests after a question.
    ///
    /// - Parameter took: the time that the engine needed for it.
    func rest(after took: Duration) -> Duration { (took + Self.wake) * (100 / percent - 1) }
}
