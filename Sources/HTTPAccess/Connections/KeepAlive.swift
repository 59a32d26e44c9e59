import NIOCore
import Primitives

/// How long a server keeps a connection after an answer, as the answer's head says. ``ExchangeState`` reads it from each head.
struct KeepAlive: Equatable {
    /// A connection is given up this long before the server closes it, so that no request meets the server's close.
    private static let margin = TimeAmount.seconds(1)

    /// How long the connection may stay unused; nil where the server does not say.
    var limit: TimeAmount?

    /// - Returns: Nil when the connection carries no further request.
    init?(_ head: AnswerHead) {
        guard head.isKeepAlive, !Self.announcesForbiddenBody(head) else { return nil }
        guard let text = head.keepAlive else { return }
        for part in text.split(separator: ",") {
            let words = part.split(separator: "=", maxSplits: 1)
            guard words.count == 2, let number = Int64(String(words[1]).trimmingBlanks()) else { continue }
            switch String(words[0]).trimmingBlanks().lowercased() {
            case "timeout":
                let limit = TimeAmount.seconds(max(0, min(number, 86_400))) - Self.margin
                guard limit > .zero else { return nil }
                self.limit = limit
            case "max" where number <= 0: return nil
            default: break
            }
        }
    }

    /// Whether an answer without content has the fields of one. A server that sends them may send the content too, which would
    /// be taken for the next answer.
    private static func announcesForbiddenBody(_ head: AnswerHead) -> Bool {
        head.status == 204 && head.framing != .close && head.framing != .length(0)
    }
}
