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
        let document: Any?
        do {
            // JSON is a subset of YAML.
            document = try Yams.load(yaml: text)
        } catch {
            throw ConfigurationError("The configuration file '\(path)' is neither valid JSON nor valid YAML: \(error)")
        }
        guard let document else { return }
        guard var object = document as? [String: Any] else {
            throw ConfigurationError("The configuration file '\(path)' must contain an object.")
        }
        if let named = object.removeValue(forKey: "accounts") {
            guard let entries = named as? [String: Any] else {
                throw ConfigurationError("\(path): 'accounts' must be an object with one entry per account.")
            }
            for (name, entry) in entries {
                guard let entry = entry as? [String: Any] else {
                    throw ConfigurationError("\(path): the account '\(name)' must be an object.")
                }
                var own: [String: String] = [:]
                try Self.flatten(entry, [], into: &own, path)
                accounts[name] = try Self.accountValues(own, name, path)
            }
        }
        try Self.flatten(object, [], into: &values, path)
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

    private static func flatten(
        _ object: [String: Any],
        _ prefix: [String],
        into values: inout [String: String],
        _ path: String
    ) throws {
        for (key, value) in object {
            let parts = prefix + [key]
            switch value {
            case let inner as [String: Any]: try flatten(inner, parts, into: &values, path)
            case let list as [Any]: values[name(parts)] = list.map { "\($0)" }.joined(separator: ",")
            case is NSNull: continue
            default: values[name(parts)] = "\(value)"
            }
        }
    }

    private static func name(_ parts: [String]) -> String {
        parts.joined(separator: "_").replacing(".", with: "_").replacing("-", with: "_").uppercased()
    }
}
