import Foundation

/// The export of spans, configured by the standard variables of OpenTelemetry.
struct TracingConfiguration: Sendable, Equatable {
    /// The collector's URL without a path.
    var endpoint: String
    /// Headers for the collector, such as its key.
    var headers: [(String, String)] = []
    var serviceName = "payout-export-worker"
    /// The share of traces that are recorded, unless the job's producer has decided it.
    var ratio = 1.0

    /// Reads the settings; `nil` if no collector is configured.
    init?(_ reader: inout SettingReader) {
        endpoint = reader.text("OTEL_EXPORTER_OTLP_ENDPOINT").trimmingCharacters(in: ["/", " "])
        serviceName = reader.text("OTEL_SERVICE_NAME")
        let ratio = Double(reader.text("OTEL_TRACES_SAMPLER_ARG"))
        if let ratio, (0...1).contains(ratio) {
            self.ratio = ratio
        } else {
            reader.problems.append("OTEL_TRACES_SAMPLER_ARG must be a number from 0 to 1.")
        }
        guard !endpoint.isEmpty else { return nil }
        guard let url = URL(string: endpoint), ["http", "https"].contains(url.scheme), url.host != nil else {
            reader.problems.append(
                "OTEL_EXPORTER_OTLP_ENDPOINT must be the HTTP URL of a collector, such as http://localhost:4318."
            )
            return nil
        }
        for pair in reader.text("OTEL_EXPORTER_OTLP_HEADERS").split(separator: ",") {
            let sides = pair.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard sides.count == 2 else {
                reader.problems.append("OTEL_EXPORTER_OTLP_HEADERS must be name=value pairs separated by commas.")
                return nil
            }
            headers.append((sides[0], sides[1].removingPercentEncoding ?? sides[1]))
        }
    }

    /// The URL that spans are sent to.
    var tracesURL: String { endpoint + "/v1/traces" }

    static func == (left: TracingConfiguration, right: TracingConfiguration) -> Bool {
        left.endpoint == right.endpoint && left.serviceName == right.serviceName && left.ratio == right.ratio
            && left.headers.elementsEqual(right.headers) { $0 == $1 }
    }
}
