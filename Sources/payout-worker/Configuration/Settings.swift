import Foundation

/// The source of a value.
enum SettingSource: String, Sendable, Codable {
    case flag
    case environment
    case file
    case secretFile = "secret file"
    case `default`
}

/// A value and its source.
struct SettingValue: Sendable {
    var text: String
    var source: SettingSource
    /// The file of a secret that has its own file. It is read again when it changes.
    var path: String?
}

/// All values by variable: a flag overrides the environment, the environment overrides the file.
struct Settings: Sendable {
    private var flags: [String: String]
    private(set) var environment: [String: String]
    private var file: ConfigurationFile

    /// Reads the file, if there is one.
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
                    "\(path ?? "the configuration file"): '\($0)' is not a setting. Run 'payout-worker check-config' without --config for the list."
                }
            )
        }
    }

    static func isKnown(_ name: String) -> Bool {
        if name.hasPrefix(clientPrefix) { return true }
        return SettingDefinition.all.contains { $0.name == name || ($0.isSecret && $0.name + "_FILE" == name) }
    }

    /// Whether a variable contains a secret itself, not the path of a file that contains it.
    static func isSecret(_ name: String) -> Bool {
        guard name.hasPrefix(clientPrefix) else {
            return SettingDefinition.all.contains { $0.name == name && $0.isSecret }
        }
        let secret = ["PASSWORD", "SECRET", "JAAS", "KEY_PEM", "OAUTHBEARER_CONFIG"]
        return !name.hasSuffix("_FILE") && secret.contains { name.contains($0) }
    }

    /// The named accounts in the file, sorted.
    var accountNames: [String] { file.accounts.keys.sorted() }

    /// A variable's value for an account: the account's own value, else the common one.
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

    /// The file that a secret is read from, which need not exist yet; nil if the secret is not read from a file.
    func secretPath(_ name: String, account: String? = nil) -> String? {
        if let account, let own = file.accounts[account], own[name] != nil || own[name + "_FILE"] != nil {
            return own[name] == nil ? own[name + "_FILE"] : nil
        }
        for values in [flags, environment, file.values] {
            if let text = values[name], !text.isEmpty { return nil }
            if let path = values[name + "_FILE"], !path.isEmpty { return path }
        }
        return nil
    }

    /// The variables with which AWS tools find credentials and regions; the S3 store uses them too.
    var awsEnvironment: [String: String] { environment.filter { $0.key.hasPrefix("AWS_") || $0.key == "HOME" } }

    // MARK: librdkafka properties

    static let clientPrefix = "KAFKA_CLIENT_"

    /// The variables of librdkafka properties, separated by commas.
    static func clientVariables(_ properties: [String]) -> String {
        properties.map { clientPrefix + $0.uppercased().replacing(".", with: "_") }.joined(separator: ", ")
    }

    /// Every `KAFKA_CLIENT_…` variable as a librdkafka property.
    func clientProperties() throws -> [String: SettingValue] {
        var properties: [String: SettingValue] = [:]
        // Lowest precedence first, so that a higher one replaces it.
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

    static func secret(_ name: String, _ path: String) throws -> SettingValue {
        guard let data = FileManager.default.contents(atPath: path), let text = String(data: data, encoding: .utf8)
        else {
            throw ConfigurationError(
                "\(name)_FILE: failed to read '\(path)' as UTF-8 text. Check the path and its permissions."
            )
        }
        // Editors append a line break, which is not part of the secret.
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
