import Metrics
import Testing

@testable import WorkerTelemetry

@Suite("Prometheus text format")
struct ExpositionTests {
    private func lines(_ factory: PrometheusMetricsFactory, of name: String) -> [String] {
        factory.exposition().split(separator: "\n").map(String.init).filter {
            $0.hasPrefix(name) || $0.hasPrefix("# HELP \(name) ") || $0.hasPrefix("# TYPE \(name) ")
        }
    }

    @Test func counterHasItsSuffixAndSharesItsSeries() {
        let factory = PrometheusMetricsFactory()
        Counter(label: "some.client.messages", dimensions: [("b", "2"), ("a", "1")], factory: factory)
            .increment(by: 2)
        Counter(label: "some.client.messages", dimensions: [("a", "1"), ("b", "2")], factory: factory)
            .increment()
        #expect(
            lines(factory, of: "some_client_messages_total") == [
                "# HELP some_client_messages_total No description.",
                "# TYPE some_client_messages_total counter",
                "some_client_messages_total{a=\"1\",b=\"2\"} 3",
            ]
        )
    }

    @Test func counterNeverDecreases() {
        let factory = PrometheusMetricsFactory()
        let counter = factory.makeCounter(label: "x", dimensions: [])
        counter.increment(by: 5)
        counter.increment(by: -3)
        #expect(lines(factory, of: "x_total").last == "x_total 5")
        counter.reset()
        #expect(lines(factory, of: "x_total").last == "x_total 0")
    }

    @Test func timerIsAHistogramInSeconds() {
        let factory = PrometheusMetricsFactory()
        let timer = Timer(
            label: "http.client.request.duration",
            dimensions: [("http.request.method", "GET")],
            factory: factory
        )
        timer.recordMilliseconds(5)
        timer.recordMilliseconds(80)
        timer.recordSeconds(60)
        let lines = lines(factory, of: "http_client_request_duration_seconds")
        #expect(lines.contains("# TYPE http_client_request_duration_seconds histogram"))
        let prefix = "http_client_request_duration_seconds_bucket{http_request_method=\"GET\",le="
        #expect(lines.contains("\(prefix)\"0.005\"} 1"))
        #expect(lines.contains("\(prefix)\"0.075\"} 1"))
        #expect(lines.contains("\(prefix)\"0.1\"} 2"))
        #expect(lines.contains("\(prefix)\"10\"} 2"))
        #expect(lines.contains("\(prefix)\"+Inf\"} 3"))
        #expect(lines.contains("http_client_request_duration_seconds_sum{http_request_method=\"GET\"} 60.085"))
        #expect(lines.contains("http_client_request_duration_seconds_count{http_request_method=\"GET\"} 3"))
        #expect(lines.filter { $0.hasPrefix(prefix) }.count == MetricBuckets.seconds.count + 1)
    }

    @Test func gaugesIncreaseAndDecrease() {
        let factory = PrometheusMetricsFactory()
        let meter = Meter(label: "level", factory: factory)
        meter.set(7)
        meter.increment(by: 2.5)
        meter.decrement(by: 1)
        #expect(lines(factory, of: "level").last == "level 8.5")
        Gauge(label: "other", factory: factory).record(3)
        #expect(lines(factory, of: "other") == ["# HELP other No description.", "# TYPE other gauge", "other 3"])
    }

    @Test func labelValuesAndHelpAreEscaped() {
        let definition = MetricDefinition("escaped", .gauge, unit: "", help: "back\\slash\nand \"quotes\"")
        let factory = PrometheusMetricsFactory(definitions: [definition])
        Meter(label: "escaped", dimensions: [("path", "C:\\x \"y\"\nz")], factory: factory).set(1)
        #expect(
            lines(factory, of: "escaped") == [
                "# HELP escaped back\\\\slash\\nand \"quotes\"", "# TYPE escaped gauge",
                "escaped{path=\"C:\\\\x \\\"y\\\"\\nz\"} 1",
            ]
        )
    }

    @Test(arguments: [
        ("http.client-requests", "http_client_requests"), ("9lives", "_9lives"), ("a:b", "a:b"), ("", "_"),
        ("größe", "gr__e"),
    ])
    func metricNames(label: String, name: String) { #expect(PrometheusText.metricName(label) == name) }

    @Test(arguments: [("server.address", "server_address"), ("a:b", "a_b"), ("__name__", "exported__name__")])
    func labelNames(label: String, name: String) { #expect(PrometheusText.labelName(label) == name) }

    @Test(arguments: [
        (0.005, "0.005"), (1, "1"), (-2.5, "-2.5"), (.infinity, "+Inf"), (-.infinity, "-Inf"), (.nan, "NaN"),
        (1e20, "1e+20"),
    ])
    func numbers(value: Double, text: String) { #expect(PrometheusText.number(value) == text) }

    @Test func reservedBucketLabelIsRenamed() {
        let factory = PrometheusMetricsFactory()
        Recorder(label: "sizes", dimensions: [("le", "9")], factory: factory).record(1)
        #expect(lines(factory, of: "sizes").contains("sizes_count{exported_le=\"9\"} 1"))
    }

    @Test func seriesAreBounded() {
        let factory = PrometheusMetricsFactory(seriesLimit: 3)
        for number in 0..<10 {
            Counter(label: "wide", dimensions: [("n", "\(number)")], factory: factory).increment()
        }
        #expect(lines(factory, of: "wide_total").count == 2 + 3)
        #expect(factory.exposition().contains("\npayout_export_metric_series_dropped_total 7\n"))
    }

    @Test func oneNameHasOneType() {
        let factory = PrometheusMetricsFactory()
        Meter(label: "same_total", factory: factory).set(1)
        Counter(label: "same", factory: factory).increment()
        #expect(
            lines(factory, of: "same_total") == [
                "# HELP same_total No description.", "# TYPE same_total gauge", "same_total 1",
            ]
        )
        #expect(factory.exposition().contains("\npayout_export_metric_series_dropped_total 1\n"))
    }

    @Test func destroyedSeriesIsNotExposed() {
        let factory = PrometheusMetricsFactory()
        let meter = Meter(label: "level", dimensions: [("p", "1")], factory: factory)
        meter.set(1)
        meter.destroy()
        #expect(lines(factory, of: "level").isEmpty)
        Meter(label: "level", dimensions: [("p", "1")], factory: factory).set(2)
        #expect(lines(factory, of: "level").last == "level{p=\"1\"} 2")
    }
}
