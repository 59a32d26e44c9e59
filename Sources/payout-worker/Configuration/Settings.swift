import Foundation

/// A wrong configuration: what is wrong with which variable, and what to do. Ends the command with status 78.
struct ConfigurationError: Error, CustomStringConvertible {
    var problems: [String]

    init(_ problems: [String]) { self.problems = problems }
    init(_ problem: String) { problems = [problem] }

    var description: String { problems.joined(separator: "\n") }
}

/// Where a value came from.
enum SettingSource: String, Sendable, Codable {
    case flag
    case environment
    case file
    case secretFile = "secret file"
    case `default`
}

/// A value and where it came from.
struct SettingValue: Sendable {
    var text: String
    var source: SettingSource
    /// For a secret in a file of its own: the file, which is read again when it changes.
    var path: String?
}

/// All values, by variable: a flag beats the environment, the environment beats the file.
struct Settings: Sendable {
    private var flags: [String: String]
    private var environment: [String: String]
    private var file: ConfigurationFile

    /// Reads the file, if one is named.
    init(
        flags: [String: String] = [:],
        environment: [String: String] = ProcessInfo.processInfo.environment,
        file path: String? = nil
    ) throws {
        self.flags = flags
        self.environment = environment
        file = try path.map { try ConfigurationFile(path: $0) } ?? ConfigurationFile()
        let unknown = file.values.keys.filter { !Self.isKnown($0) }.sorted()
        guard unknown.isEmpty else {
            throw ConfigurationError(
                unknown.map {
                    "\(path ?? "the configuration file"): '\($0)' is no setting. See 'payout-worker check-config --help' for the list."
                }
            )
        }
    }

    private static func isKnown(_ name: String) -> Bool {
        if name.hasPrefix(clientPrefix) { return true }
        return SettingDefinition.all.contains { $0.name == name || ($0.isSecret && $0.name + "_FILE" == name) }
    }

    /// The accounts that the file names beside the default one, in order.
    var accountNames: [String] { file.accounts.keys.sorted() }

    /// A variable's value for an account; what the account does not say itself holds for all.
    func value(_ name: String, account: String? = nil) throws -> SettingValue? {
        guard let definition = SettingDefinition.all.first(where: { $0.name == name }) else { return nil }
        if let account, let own = file.accounts[account] {
            if let text = own[name] { return SettingValue(text: text, source: .file) }
            if definition.isSecret, let path = own[name + "_FILE"] { return try Self.secret(name, path) }
        }
        for (values, source) in [(flags, SettingSource.flag), (environment, .environment), (file.values, .file)] {
            if let text = values[name], !(text.isEmpty && source == .environment) {
                return SettingValue(text: text, source: source)
            }
            if definition.isSecret, let path = values[name + "_FILE"], !path.isEmpty {
                return try Self.secret(name, path)
            }
        }
        return definition.defaultValue.map { SettingValue(text: $0, source: .default) }
    }

    /// The variables that tell AWS's tools about credentials and regions, for stores that go by them too.
    var awsEnvironment: [String: String] { environment.filter { $0.key.hasPrefix("AWS_") || $0.key == "HOME" } }

    // MARK: librdkafka properties

    static let clientPrefix = "KAFKA_CLIENT_"

    /// Every `KAFKA_CLIENT_…` variable as a librdkafka property.
    func clientProperties() throws -> [String: SettingValue] {
        var properties: [String: SettingValue] = [:]
        // The weakest first, so that a stronger one replaces it.
        for (values, source) in [(file.values, SettingSource.file), (environment, .environment), (flags, .flag)] {
            for (name, text) in values where name.hasPrefix(Self.clientPrefix) {
                var key = name.dropFirst(Self.clientPrefix.count).lowercased().replacing("_", with: ".")
                guard key.hasSuffix(".file") else {
                    properties[key] = SettingValue(text: text, source: source)
                    continue
                }
                key.removeLast(".file".count)
                properties[key] = try Self.secret(name, text)
            }
        }
        return properties
    }

    private static func secret(_ name: String, _ path: String) throws -> SettingValue {
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            throw ConfigurationError(
                "\(name)_FILE names '\(path)', which cannot be read as UTF-8 text. Check the path and its permissions."
            )
        }
        // An editor ends the last line; that is no part of the secret.
        return SettingValue(text: String(text.trimmingSuffix(while: \.isNewline)), source: .secretFile, path: path)
    }
}

extension StringProtocol {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> SubSequence {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return self[startIndex..<end]
    }
}
