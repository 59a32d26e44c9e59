import Testing

@testable import payout_worker

@Suite struct UnknownVariableTests {
    private func unknown(_ names: String...) throws -> [UnknownVariable] {
        try Settings(environment: Dictionary(uniqueKeysWithValues: names.map { ($0, "x") })).unknownVariables
    }

    @Test(arguments: [
        ("KAFKA_BOOTSTRAP_SERVER", "KAFKA_BOOTSTRAP_SERVERS"),
        ("WORKER_MAX_CONCURENT_REQUESTS", "WORKER_MAX_CONCURRENT_REQUESTS"),
        ("PAYOUT_API_PASSWORD_FIEL", "PAYOUT_API_PASSWORD_FILE"), ("FILES_LOCATOIN", "FILES_LOCATION"),
    ])
    func misspelledVariableIsReportedWithTheNearestName(name: String, nearest: String) throws {
        let found = try unknown(name)
        #expect(found == [UnknownVariable(name: name, nearest: nearest, isMisspelling: true)])
        #expect(found.first?.sentence.contains(nearest) == true)
    }

    @Test func otherVariablesAreNotReported() throws {
        #expect(
            try unknown(
                "HTTP_PROXY",
                "KAFKA_OPTS",
                "KAFKA_CLIENT_SASL_PASSWORD",
                "KAFKA_SERVICE_HOST",
                "KAFKA_PORT_9092_TCP_ADDR",
                "HTTP_PORT",
                "PAYOUT_API_PASSWORD_FILE",
                "PATH",
                "WORKER_SERVICE_PORT_HTTP"
            ) == []
        )
    }

    @Test func distantNameIsNoMisspelling() throws {
        #expect(
            try unknown("WORKER_SHIFT_PLAN") == [
                UnknownVariable(name: "WORKER_SHIFT_PLAN", nearest: nil, isMisspelling: false)
            ]
        )
    }

    @Test func allMistakesAreReportedAtOnce() throws {
        let settings = try Settings(environment: [
            "KAFKA_BOOTSTRAP_SERVER": "b:9092", "WORKER_DELIVERY": "twice", "FILES_LOCATION": "/var/lib/exports",
            "WORKER_SHIFT_PLAN": "x",
        ])
        let error = #expect(throws: ConfigurationError.self) { try WorkerConfiguration(settings) }
        let text = error?.description ?? ""
        for part in [
            "is KAFKA_BOOTSTRAP_SERVERS meant", "WORKER_DELIVERY", "file:///var/lib/exports", "WORKER_SHIFT_PLAN",
        ] {
            #expect(text.contains(part), "\(part)")
        }
    }

    @Test func misspelledVariableAloneIsAConfigurationError() throws {
        let settings = try Settings(environment: ["KAFKA_BOOTSTRAP_SERVERS": "b:9092", "KAFKA_GROUPID": "x"])
        #expect(throws: ConfigurationError.self) {
            try KafkaAccess(settings)
        }
    }
}
