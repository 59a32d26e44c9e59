import ArgumentParser
import Foundation

/// The flags of every command that has a configuration.
struct CommonOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("Configuration file, JSON or YAML.", valueName: "file"))
    var config: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Set a configuration variable that is not a secret; overrides the environment. Repeatable.",
            valueName: "NAME=VALUE"
        )
    )
    var set: [String] = []

    @Option(
        name: [.customLong("bootstrap-servers"), .customLong("bootstrap-server")],
        help: ArgumentHelp("Broker list; overrides KAFKA_BOOTSTRAP_SERVERS.", valueName: "host:port,…")
    )
    var bootstrapServers: String?

    /// The settings from flags, environment and file.
    func settings() throws -> Settings {
        var flags: [String: String] = [:]
        for assignment in set {
            guard let equals = assignment.firstIndex(of: "=") else {
                throw ValidationError("--set must be NAME=VALUE; the argument has no '='.")
            }
            let name = String(assignment[..<equals])
            let isKnown = SettingDefinition.all.contains { $0.name == name || $0.name + "_FILE" == name }
            guard isKnown || name.hasPrefix(Settings.clientPrefix) else {
                throw ValidationError(
                    "--set: '\(name)' is not a configuration variable. Run 'payout-worker check-config' for the list."
                )
            }
            guard !Settings.isSecret(name) else {
                throw ValidationError(
                    "--set: \(name) is a secret, and every user of the machine can read arguments. Write it to a file "
                        + "and pass the file's path (--set \(name)_FILE=PATH), or set it in the environment or the "
                        + "configuration file."
                )
            }
            flags[name] = String(assignment[assignment.index(after: equals)...])
        }
        if let bootstrapServers { flags["KAFKA_BOOTSTRAP_SERVERS"] = bootstrapServers }
        return try Settings(flags: flags, file: config)
    }
}
