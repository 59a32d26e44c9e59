import Foundation
import Primitives

/// The profiles in AWS's shared files `credentials` and `config`; the former has precedence. `AWSEnvironment` finds the
/// files, `AWSCredentialChain` uses the profiles.
struct AWSProfiles: Sendable {
    private var profiles: [String: [String: String]] = [:]

    init(credentialsPath: String?, configPath: String?) {
        for (path, isConfig) in [(configPath, true), (credentialsPath, false)] {
            guard let path, let bytes = SmallFile.contents(of: path) else { continue }
            add(String(decoding: bytes, as: UTF8.self), isConfig: isConfig)
        }
    }

    /// A profile's settings by their names in lower case; empty where there is no such profile.
    func settings(_ profile: String) -> [String: String] { profiles[profile] ?? [:] }

    func has(_ profile: String) -> Bool { profiles[profile] != nil }

    /// The credentials that are written in a profile.
    func credentials(_ profile: String) -> AWSCredentials? {
        let settings = settings(profile)
        guard let id = settings["aws_access_key_id"], let secret = settings["aws_secret_access_key"] else {
            return nil
        }
        return AWSCredentials(accessKeyID: id, secretAccessKey: secret, sessionToken: settings["aws_session_token"])
    }

    private mutating func add(_ text: String, isConfig: Bool) {
        var current: String?
        for line in text.split(whereSeparator: \.isNewline) {
            // Nested settings of a service are indented; none of them is used here.
            guard let first = line.first, !first.isWhitespace, first != "#", first != ";" else { continue }
            let line = line.trimmingCharacters(in: .whitespaces)
            if line.hasPrefix("[") {
                current = Self.profile(line, isConfig: isConfig)
            } else if let current, let equals = line.firstIndex(of: "=") {
                let name = line[..<equals].trimmingCharacters(in: .whitespaces).lowercased()
                let value = line[line.index(after: equals)...].trimmingCharacters(in: .whitespaces)
                profiles[current, default: [:]][name] = value
            }
        }
    }

    /// The profile that a section header names: in `config` all but the default one are `[profile NAME]`.
    private static func profile(_ line: String, isConfig: Bool) -> String? {
        guard let end = line.firstIndex(of: "]") else { return nil }
        let words = line[line.index(after: line.startIndex)..<end].split(whereSeparator: \.isWhitespace).map(
            String.init
        )
        if words.count == 2, words[0] == "profile", isConfig { return words[1] }
        return words.count == 1 && (!isConfig || words[0] == "default") ? words[0] : nil
    }
}
