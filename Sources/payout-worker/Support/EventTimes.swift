import ExportCore
import ExportRecords

extension CompletionEventDocument {
    /// The time from acceptance to the end.
    var took: Duration? {
        guard let accepted = Instant(rfc3339: times.accepted), let text = times.finished,
            let finished = Instant(rfc3339: text)
        else { return nil }
        return accepted.duration(to: finished)
    }
}
