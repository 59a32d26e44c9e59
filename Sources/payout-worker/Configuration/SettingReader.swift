import Foundation
import Primitives

/// Reads values one by one and collects their problems.
struct SettingReader {
    let settings: Settings
    var problems: [String] = []

    init(_ settings: Settings) { self.settings = settings }

    mutating func value(_ name: String, account: String? = nil) -> SettingValue? {
        do {
            return try settings.value(name, account: account)
        } catch {
            problems.append("\(error)")
            return nil
        }
    }

    /// The configured refresh token. If newer tokens are saved elsewhere, its file is not read, because it may be deleted.
    mutating func refreshToken(account: String? = nil) -> SettingValue? {
        let name = "PAYOUT_API_REFRESH_TOKEN"
        if given("PAYOUT_API_REFRESH_TOKEN_SAVED_IN", account: account) != nil,
            let path = settings.secretPath(name, account: account)
        {
            return SettingValue(text: path, source: .secretFile, path: path)
        }
        return value(name, account: account)
    }

    mutating func optional(_ name: String, account: String? = nil) -> String? {
        value(name, account: account)?.text
    }

    /// A value that is not empty.
    mutating func given(_ name: String, account: String? = nil) -> String? {
        optional(name, account: account).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// A value, or the default. A flag or a file cannot replace a default by nothing: an empty group or topic has no meaning.
    /// An empty environment variable counts as not set.
    mutating func text(_ name: String, account: String? = nil) -> String {
        guard let text = optional(name, account: account) else { return "" }
        guard text.isEmpty, let standard = SettingDefinition.all.first(where: { $0.name == name })?.defaultValue,
            !standard.isEmpty
        else { return text }
        problems.append("\(name) is empty: write a value, or remove it to use the default, \(standard).")
        return text
    }

    mutating func required(_ name: String, _ meaning: String, account: String? = nil) -> String {
        let text = text(name, account: account)
        if text.isEmpty {
            let suffix = account.map { " for the account '\($0)'" } ?? ""
            problems.append("\(name) is not set\(suffix): \(meaning).")
        }
        return text
    }

    mutating func duration(_ name: String) -> Duration {
        if let duration = Duration(parsing: text(name)) { return duration }
        problems.append("\(name) must be a duration such as 500ms, 30s, 5m or 26h.")
        return .zero
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int>) -> Int {
        if let number = Int(text(name)), range.contains(number) { return number }
        problems.append("\(name) must be a whole number from \(range.lowerBound) to \(range.upperBound).")
        return range.lowerBound
    }

    /// Host names and addresses, separated by commas; `*.` matches every subdomain, `*` every host.
    mutating func hosts(_ name: String) -> [String] {
        let hosts = text(name).split { $0 == "," || $0 == " " }.map(String.init)
        for host in hosts where host.contains("/") || (host != "*" && host.dropFirst(2).contains("*")) {
            problems.append(
                "\(name): '\(host)' is not a host. Set it to names or addresses separated by commas, such as worker.example.com or *.example.com."
            )
        }
        return hosts
    }

    /// The address of a web server for links in a page, without a slash at its end. The page shows it to everyone, so it must not
    /// contain credentials.
    mutating func webAddress(_ name: String) -> String? {
        guard let text = given(name) else { return nil }
        if let parts = URLComponents(string: text, encodingInvalidCharacters: false),
            ["http", "https"].contains(parts.scheme), parts.host?.isEmpty == false,
            [parts.user, parts.password, parts.query, parts.fragment].allSatisfy({ $0 == nil })
        {
            return text.trimmingCharacters(in: ["/"])
        }
        problems.append(
            "\(name) must be an address such as https://grafana.example.com, without credentials, query and fragment."
        )
        return nil
    }

    mutating func boolean(_ name: String, account: String? = nil) -> Bool {
        if let value = ValueParsing.boolean(text(name, account: account)) { return value }
        problems.append("\(name) must be true or false.")
        return false
    }

    mutating func clientProperties() -> [String: String] {
        do {
            return try settings.clientProperties().mapValues(\.text)
        } catch {
            problems.append("\(error)")
            return [:]
        }
    }

    /// The source of Kafka's credentials. ``clientProperties()`` reports their problems.
    func kafkaSecrets() -> KafkaSecrets? { (try? settings.clientProperties()).flatMap(KafkaSecrets.init) }
}
