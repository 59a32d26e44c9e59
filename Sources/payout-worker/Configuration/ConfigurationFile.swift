import Foundation
import Yams

/// A configuration file in JSON or YAML, with nested or dotted keys: `kafka.group.id` for `KAFKA_GROUP_ID`.
struct ConfigurationFile: Sendable {
    /// Values by variable name.
    var values: [String: String] = [:]
    /// The values of each entry of `accounts`, by variable name.
    var accounts: [String: [String: String]] = [:]

    init() {}

    init(path: String) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(
                "Failed to read the configuration file '\(path)'. Check the path and its permissions."
            )
        }
        try self.init(text: String(decoding: data, as: UTF8.self), path: path)
    }

    /// - Parameter path: the file's path, for error messages.
    init(text: String, path: String) throws {
        let document: Node?
        do {
            // JSON is a subset of YAML.
            document = try Yams.compose(yaml: text)
        } catch {
            throw ConfigurationError("The configuration file '\(path)' is neither valid JSON nor valid YAML: \(error)")
        }
        guard let document else { return }
        guard case .mapping(let object) = document else {
            throw ConfigurationError("The configuration file '\(path)' must contain an object.")
        }
        var reader = ConfigurationNodeReader(path: path)
        for entry in try reader.entries(of: object) {
            guard entry.key == "accounts" else {
                try reader.flatten(entry.value, [entry.key], into: &values)
                continue
            }
            guard case .mapping(let entries) = entry.value else {
                throw ConfigurationError("\(path): 'accounts' must be an object with one entry per account.")
            }
            for (name, entry) in try reader.entries(of: entries) {
                guard case .mapping = entry else {
                    throw ConfigurationError("\(path): the account '\(name)' must be an object.")
                }
                var own: [String: String] = [:]
                try reader.flatten(entry, [], into: &own)
                accounts[name] = try Self.accountValues(own, name, path)
            }
        }
    }

    private static func accountValues(_ own: [String: String], _ account: String, _ path: String) throws -> [String:
        String]
    {
        var values: [String: String] = [:]
        for (name, text) in own {
            // Within an account `client.id` and `payout.api.client.id` are equivalent.
            let full = name.hasPrefix("PAYOUT_API_") ? name : "PAYOUT_API_" + name
            let plain = full.hasSuffix("_FILE") ? String(full.dropLast("_FILE".count)) : full
            guard SettingDefinition.perAccount.contains(plain) else {
                throw ConfigurationError(
                    "\(path): '\(name)' is not a setting of an account, but is set for the account '\(account)'. Use only the keys of PAYOUT_API_… settings."
                )
            }
            values[full] = text
        }
        return values
    }
}
