import ArgumentParser
import Foundation

/// The flags that every command with a configuration takes.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Configuration file, JSON or YAML.", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Sets a configuration variable; beats the environment. Repeatable.", valueName: "NAME=VALUE")
    )
    var set: [String] = []

    @Option(
        name: [.customLong("bootstrap-servers"), .customLong("bootstrap-server")],
        help: ArgumentHelp("Brokers; the same as KAFKA_BOOTSTRAP_SERVERS.", valueName: "host:port,…")
    )
    var bootstrapServers: String?

    /// The settings from flags, environment and file.
    func settings() throws -> Settings {
        var flags: [String: String] = [:]
        for assignment in set {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw ValidationError("--set wants NAME=VALUE, not '\(assignment)'.")
            }
            let name = String(assignment[..<equals])
            let isKnown = SettingDefinition.all.contains { $0.name == name || $0.name + "_FILE" == name }
            guard isKnown || name.hasPrefix(Settings.clientPrefix) else {
                throw ValidationError(
                    "--set: '\(name)' is no configuration variable; 'payout-worker check-config' lists them."
                )
            }
            flags[name] = String(assignment[assignment.index(after: equals)...])
        }
        if let bootstrapServers { flags["KAFKA_BOOTSTRAP_SERVERS"] = bootstrapServers }
        return try Settings(flags: flags, file: config)
    }
}
