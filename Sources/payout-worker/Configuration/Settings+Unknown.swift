import PayoutFilters

/// A variable of the environment that begins as a setting does and is none.
struct UnknownVariable: Equatable {
    var name: String
    /// The setting that is probably meant.
    var nearest: String?
    /// Whether it is a misspelling without doubt, so that a worker does not start with it.
    var isMisspelling: Bool

    /// What is wrong and what to do.
    var sentence: String {
        guard let nearest else {
            return "\(name) is not a setting. Remove it, or run 'payout-worker check-config' for the list."
        }
        return "\(name) is not a setting: is \(nearest) meant? Correct the name, or remove the variable."
    }
}

extension Settings {
    private static let prefixes = ["KAFKA_", "WORKER_", "PAYOUT_API_", "FILES_", "HTTP_", "LOG_"]
    /// Variables of other programs with these prefixes: HTTP clients and Kafka's own scripts.
    private static let foreign: Set<String> = [
        "HTTP_PROXY", "KAFKA_HOME", "KAFKA_OPTS", "KAFKA_HEAP_OPTS", "KAFKA_LOG4J_OPTS", "KAFKA_JVM_PERFORMANCE_OPTS",
        "KAFKA_JMX_OPTS", "KAFKA_GC_LOG_OPTS", "KAFKA_DEBUG",
    ]
    /// Names differ so much at the most, to be suggested, and to be a misspelling without doubt.
    private static let (similar, nearlyEqual) = (4, 2)

    /// The unknown variables, sorted by name.
    var unknownVariables: [UnknownVariable] {
        let known = SettingDefinition.all.flatMap { $0.isSecret ? [$0.name, $0.name + "_FILE"] : [$0.name] }
        return environment.keys.filter { name in
            Self.prefixes.contains(where: name.hasPrefix) && !Self.isKnown(name) && !Self.isForeign(name)
        }.sorted().map { name in
            let near = known.map { (name: $0, distance: editDistance(name, $0, limit: Self.similar + 1)) }
                .min { ($0.distance, $0.name) < ($1.distance, $1.name) }
            let distance = near?.distance ?? .max
            return UnknownVariable(
                name: name,
                nearest: distance <= Self.similar ? near?.name : nil,
                isMisspelling: distance <= Self.nearlyEqual
            )
        }
    }

    /// Whether another program sets the variable. Kubernetes sets some for each service, such as `KAFKA_SERVICE_HOST` and
    /// `KAFKA_PORT_9092_TCP_ADDR`.
    private static func isForeign(_ name: String) -> Bool {
        if foreign.contains(name) || name.hasSuffix("_SERVICE_HOST") || name.hasSuffix("_PORT") { return true }
        return name.contains("_SERVICE_PORT")
            || (name.contains("_PORT_") && name.contains(/_PORT_[0-9]+_(TCP|UDP|SCTP)/))
    }
}

extension SettingReader {
    /// Adds unknown variables to the problems: all of them where there are other problems, else those that are misspelled
    /// without doubt.
    mutating func addUnknownVariables() {
        let isInvalid = !problems.isEmpty
        problems += settings.unknownVariables.filter { isInvalid || $0.isMisspelling }.map(\.sentence)
    }
}
