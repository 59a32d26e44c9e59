/// An invalid configuration of an API client, a token provider or a download.
public struct ClientConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The setting, for example `baseURL`.
    public let setting: String
    /// What is wrong with it, and what to write instead.
    public let problem: String

    package init(setting: String, problem: String) {
        self.setting = setting
        self.problem = problem
    }

    /// The setting and what is wrong with it.
    public var description: String { "\(setting): \(problem)" }
}
