import ExportCore
import Foundation
import Primitives
import WorkerRuntime

/// Removes secrets from text that is shown: queries of URLs, signatures, tokens.
enum Disclosure {
    private static let mark = Redaction.mark

    private struct Rule: Sendable {
        var expression: NSRegularExpression
        var template: String

        init(_ pattern: String, _ template: String) {
            do {
                expression = try NSRegularExpression(pattern: pattern, options: [.caseInsensitive])
            } catch {
                // Without the rule secrets would be shown.
                preconditionFailure("\(pattern) is no regular expression: \(error)")
            }
            self.template = template
        }
    }

    private static let rules: [Rule] = [
        // A URL's query and fragment.
        Rule(#"([a-z][a-z0-9+.-]*://[^\s?#"'<>]*)[?#][^\s"'<>]*"#, "$1?\(mark)"),
        // Credentials before a URL's host.
        Rule(#"([a-z][a-z0-9+.-]*://)[^\s/@?#"'<>]+@"#, "$1"),
        // Names of secrets with their values, as in queries, forms and JSON.
        Rule(
            #"\b(sig|signature|sharedaccesssignature|password|client_secret|(?:access|refresh|id)_token)("?\s*[=:]\s*|%3D)"?[^\s&"'<>,;)}]+"#,
            "$1$2\(mark)"
        ),
        // The value of an `Authorization` header.
        Rule(#"\b(bearer\s+)[a-z0-9._~+/=-]{8,}"#, "$1\(mark)"),
        // A JSON Web Token.
        Rule(#"\beyJ[a-z0-9_-]{10,}(?:\.[a-z0-9_-]*)*"#, mark),
    ]

    /// The text without secrets.
    static func clean(_ text: String) -> String {
        var text = text
        for rule in rules {
            let range = NSRange(text.startIndex..., in: text)
            text = rule.expression.stringByReplacingMatches(in: text, range: range, withTemplate: rule.template)
        }
        return text
    }

    /// A name that a client sent, in quotation marks, as one line of at most 64 characters.
    static func quoted(_ name: some StringProtocol) -> String {
        "'" + Redaction.bounded(clean(String(name.prefix(64)))) + "'"
    }

    /// A location without its query and fragment, and without credentials.
    static func location(_ location: String) -> String {
        let bare = location.prefix { $0 != "?" && $0 != "#" }
        return clean(String(bare))
    }

    /// A job's metadata without secrets.
    static func metadata(of job: ExportJob) -> [String: String]? { job.metadata?.mapValues(clean) }
}
