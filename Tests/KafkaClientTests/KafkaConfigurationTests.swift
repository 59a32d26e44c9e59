import KafkaClient
import Testing

@Suite struct KafkaConfigurationTests {
    private func failure(_ properties: [String: String], servers: String = "localhost:1") -> KafkaError? {
        do throws(KafkaError) {
            try KafkaConfiguration(bootstrapServers: servers, properties: properties).validate()
            return nil
        } catch {
            return error
        }
    }

    @Test func knownPropertiesAreAccepted() {
        #expect(failure(["linger.ms": "5", "security.protocol": "plaintext", "compression.codec": "lz4"]) == nil)
    }

    @Test func unknownPropertyIsNamed() throws {
        let error = try #require(failure(["linger.ms": "5", "lingre.ms": "5"]))
        #expect(error.fault == .configuration)
        #expect(error.property == "lingre.ms")
        #expect(error.description.contains("lingre.ms"))
    }

    @Test func propertyWithAnInvalidValueIsNamed() throws {
        let error = try #require(failure(["acks": "perhaps"]))
        #expect(error.fault == .configuration)
        #expect(error.property == "acks")
        #expect(error.message.contains("acks"))
    }

    @Test func emptyServersAreNamed() throws {
        #expect(failure([:], servers: "")?.property == "bootstrap.servers")
    }

    @Test(arguments: ["enable.auto.commit", "transactional.id", "isolation.level", "group.id"])
    func propertyThatTheClientSetsItselfIsRejected(_ property: String) throws {
        let error = try #require(failure([property: "true"]))
        #expect(error.fault == .configuration)
        #expect(error.property == property)
    }

    @Test func descriptionContainsNoSecret() {
        let configuration = KafkaConfiguration(
            bootstrapServers: "broker:9092",
            properties: ["sasl.password": "hunter2", "ssl.key.pem": "hunter2"]
        )
        var dumped = ""
        dump(configuration, to: &dumped)
        let shown = ["\(configuration)", String(reflecting: configuration), dumped, "\([configuration])"]
        for text in shown {
            #expect(!text.contains("hunter2"))
            #expect(text.contains("sasl.password"))
            #expect(text.contains("broker:9092"))
        }
    }

    @Test func errorAboutASecretDoesNotContainIt() throws {
        // librdkafka refuses the key only when the client is made, and the property as such is fine.
        let configuration = KafkaConfiguration(
            bootstrapServers: "localhost:1",
            properties: ["security.protocol": "ssl", "ssl.key.pem": "hunter2"]
        )
        let error = #expect(throws: KafkaError.self) {
            _ = try KafkaAdmin(configuration: configuration, logger: quiet)
        }
        #expect(error?.fault == .configuration)
        #expect(error?.description.contains("hunter2") == false)
    }

    @Test func everyFaultNamesARemedy() {
        for fault in KafkaFault.allCases { #expect(!fault.remedy.isEmpty) }
    }
}
