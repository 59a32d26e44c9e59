/// Where the cluster is and how to talk to it: the bootstrap servers and any librdkafka property.
///
/// The properties may hold secrets. None of its descriptions shows a property's value.
public struct KafkaConfiguration: Sendable {
    /// `host:port` pairs, separated by commas.
    public var bootstrapServers: String
    /// librdkafka properties by name, such as `security.protocol`. They beat this library's defaults; those that the
    /// library depends on (`enable.auto.commit`, …) are refused.
    public var properties: [String: String]
    /// User name and password that may change while clients live; they beat `sasl.username` and `sasl.password`.
    public var credentials: KafkaCredentials?

    /// A configuration. Nothing is checked before a client is made of it, or ``validate()`` is called.
    public init(bootstrapServers: String, properties: [String: String] = [:]) {
        self.bootstrapServers = bootstrapServers
        self.properties = properties
    }

    /// Checks every property's name and value without connecting anywhere.
    /// - Throws: ``KafkaError`` with fault ``KafkaFault/configuration`` that names the property.
    public func validate() throws(KafkaError) {
        guard !bootstrapServers.isEmpty else {
            throw NativeConfiguration.wrong("bootstrap.servers", code: .invalidArgument, message: "must not be empty")
        }
        try NativeConfiguration.refuseReserved(properties)
        let native = try NativeConfiguration(base(adding: [:]))
        native.discard()
    }

    /// This configuration's properties over the given defaults, with the bootstrap servers.
    func base(adding defaults: [String: String]) -> [String: String] {
        var all = defaults.merging(properties) { $1 }
        if let credentials { all.merge(credentials.properties) { $1 } }
        all["bootstrap.servers"] = bootstrapServers
        return all
    }
}

extension KafkaConfiguration: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The servers and the properties' names.
    public var description: String {
        "KafkaConfiguration(bootstrapServers: \(bootstrapServers), properties: \(properties.keys.sorted()))"
    }

    /// The same as ``description``.
    public var debugDescription: String { description }

    /// Keeps `dump` and other reflection from reading values.
    public var customMirror: Mirror {
        Mirror(self, children: ["bootstrapServers": bootstrapServers, "properties": properties.keys.sorted()])
    }
}
