import KafkaClient

/// The files with Kafka's user name and password, if files contain them. They are read again while the worker runs.
struct KafkaSecrets: Sendable {
    private var username: Part
    private var password: Part

    private enum Part: Sendable {
        case value(String)
        /// The variable and the file that it names.
        case file(String, path: String)
    }

    static let username = "sasl.username"
    static let password = "sasl.password"

    /// `nil` if the configuration has no user name and password for SASL.
    init?(_ properties: [String: SettingValue]) {
        guard let username = properties[Self.username], let password = properties[Self.password] else { return nil }
        self.username = Self.part(username, "KAFKA_CLIENT_SASL_USERNAME")
        self.password = Self.part(password, "KAFKA_CLIENT_SASL_PASSWORD")
    }

    private static func part(_ value: SettingValue, _ name: String) -> Part {
        value.path.map { .file(name, path: $0) } ?? .value(value.text)
    }

    /// The files.
    var paths: [String] {
        [username, password].compactMap { if case .file(_, let path) = $0 { path } else { nil } }
    }

    /// The current user name and password. Blocks while it reads the files.
    ///
    /// - Throws: ``ConfigurationError`` that names the file that cannot be read.
    func read() throws -> (username: String, password: String) { (try read(username), try read(password)) }

    private func read(_ part: Part) throws -> String {
        switch part {
        case .value(let text): text
        case .file(let name, let path): try Settings.secret(name, path).text
        }
    }
}
