@testable import KafkaClient
import Testing
import WorkerConsole
import WorkerKafka

@testable import payout_worker

@Suite struct ConsoleNamesTests {
    private func member(_ clientID: String, host: String) -> KafkaGroupDescription.Member {
        KafkaGroupDescription.Member(
            memberID: "\(clientID)-1",
            clientID: clientID,
            host: host,
            partitions: [
                KafkaTopicPartition(topic: "jobs", partition: 2), KafkaTopicPartition(topic: "other", partition: 5),
            ]
        )
    }

    @Test(arguments: [
        ("worker-a", "/10.0.0.3", "10.0.0.3:8080"), ("worker-a@8081", "10.0.0.3", "10.0.0.3:8081"),
        ("worker-a", "/fd00:0:0:0:0:0:0:1", "[fd00::1]:8080"), ("worker-a@0", "/10.0.0.3", nil),
        ("worker-a", "evil.example", nil), ("worker-a", "", nil), ("worker-a@8081", "10.0.0.3/x", nil),
    ])
    func addressIsTheBrokersWithTheMembersPort(clientID: String, host: String, address: String?) {
        let found = ConsoleNames(topic: "jobs").member(member(clientID, host: host), own: "another")
        #expect(found.address == address)
        #expect(found.name == "worker-a")
        #expect(found.partitions == [2])
        #expect(!found.isThisWorker)
    }

    /// A static member that returned under another address has the old one in the broker's description.
    @Test(arguments: [
        ("worker-a", "worker-a.workers.finance.svc:8080"), ("worker-a@8081", "worker-a.workers.finance.svc:8081"),
        ("evil.example/x", "10.0.0.3:8080"), ("worker-a.evil.example", "10.0.0.3:8080"), ("-a", "10.0.0.3:8080"),
        ("worker-a@0", nil),
    ])
    func addressIsTheNameInTheDomain(clientID: String, address: String?) {
        let names = ConsoleNames(topic: "jobs", domain: "workers.finance.svc")
        #expect(names.member(member(clientID, host: "/10.0.0.3"), own: "another").address == address)
    }

    @Test(arguments: [
        ("workers.finance.svc", true), ("a", true), ("a..b", false), ("a:80", false), ("*.a", false), ("", false),
    ])
    func domainIsAName(text: String, isDomain: Bool) {
        #expect(ConsoleNames.isDomain(text) == isDomain)
    }

    @Test func ownMemberIsRecognizedByItsMemberID() {
        #expect(ConsoleNames(topic: "jobs").member(member("w", host: "/10.0.0.3"), own: "w-1").isThisWorker)
    }

    @Test func clientIDNamesAnotherPortThanTheDefault() throws {
        let environment = [
            "KAFKA_BOOTSTRAP_SERVERS": "b:9092", "WORKER_ID": "w1", "PAYOUT_API_TENANT_ID": "t",
            "PAYOUT_API_CLIENT_ID": "c",
            "PAYOUT_API_REFRESH_TOKEN": "r",
        ]
        func clientID(_ more: [String: String]) throws -> String? {
            let settings = try Settings(environment: environment.merging(more) { $1 })
            return try WorkerConfiguration(settings).log.kafka.properties["client.id"]
        }
        #expect(try clientID([:]) == "w1")
        #expect(try clientID(["HTTP_PORT": "8081"]) == "w1@8081")
        #expect(try clientID(["WORKER_ID": "w@9"]) == "w@9@8080")
        #expect(ConsoleNames.name("w@9@8080") == "w@9")
        #expect(try clientID(["HTTP_PORT": "8081", "KAFKA_CLIENT_CLIENT_ID": "mine"]) == "mine")
        let settings = try Settings(environment: environment.merging(["HTTP_WORKER_DOMAIN": "workers.svc"]) { $1 })
        #expect(try WorkerConfiguration(settings).httpAllowedHosts == ["*.workers.svc"])
    }
}
