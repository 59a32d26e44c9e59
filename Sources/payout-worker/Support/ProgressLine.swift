import Foundation
import Synchronization

/// A progress line on the terminal that is overwritten in place. Writes nothing if standard error is not a terminal.
final class ProgressLine: Sendable {
    private let isShown: Bool
    private let last = Mutex<(time: ContinuousClock.Instant?, text: String)>((nil, ""))

    init(isShown: Bool = Terminal.isErrorInteractive) { self.isShown = isShown }

    /// Shows a text, at most ten times a second. Skipped texts are not evaluated.
    func show(_ text: @autoclosure () -> String) {
        guard isShown else { return }
        let due = last.withLock { last -> String? in
            let now = ContinuousClock.now
            if let time = last.time, now - time < .milliseconds(100) { return nil }
            let text = text()
            if last.time != nil, text == last.text { return nil }
            last = (now, text)
            return text
        }
        if let due { Terminal.write("\r\u{1B}[K" + due, to: .standardError) }
    }

    /// Erases the line.
    func clear() {
        guard isShown else { return }
        let wasShown = last.withLock { last in
            defer { last = (nil, "") }
            return last.time != nil
        }
        if wasShown { Terminal.write("\r\u{1B}[K", to: .standardError) }
    }

    /// `[######----]`
    static func bar(_ share: Double, width: Int = 24) -> String {
        let filled = Int((min(max(share, 0), 1) * Double(width)).rounded())
        return "[" + String(repeating: "#", count: filled) + String(repeating: "-", count: width - filled) + "]"
    }
}
