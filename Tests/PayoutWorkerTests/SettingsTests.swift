import EntraIdentity
import FileStores
import Foundation
import KafkaClient
import ExportCore
import Primitives
import Testing
import WorkerKafka

@testable import payout_worker

@Suite struct SettingsTests {
    @Test func flagOverridesEnvironmentAndEnvironmentOverridesFile() throws {
        let file = try TemporaryFile("kafka.group.id: of-file\nworker.id: of-file\nkafka.topics.jobs: of-file\n")
        let settings = try Settings(
            flags: ["KAFKA_GROUP_ID": "of-flag"],
            environment: ["KAFKA_GROUP_ID": "of-environment", "WORKER_ID": "of-environment"],
            file: file.path
        )
        #expect(try settings.value("KAFKA_GROUP_ID")?.text == "of-flag")
        #expect(try settings.value("KAFKA_GROUP_ID")?.source == .flag)
        #expect(try settings.value("WORKER_ID")?.text == "of-environment")
        #expect(try settings.value("KAFKA_TOPICS_JOBS")?.text == "of-file")
        #expect(try settings.value("KAFKA_TOPICS_RESULTS")?.source == .default)
        #expect(try settings.value("KAFKA_BOOTSTRAP_SERVERS")?.text == nil)
    }

    @Test func emptyEnvironmentVariableCountsAsNotSet() throws {
        let settings = try Settings(environment: ["KAFKA_GROUP_ID": ""])
        #expect(try settings.value("KAFKA_GROUP_ID")?.source == .default)
    }

    @Test func secretIsReadFromItsFileWithoutTheLineBreak() throws {
        let secret = try TemporaryFile("hunter2\n")
        let settings = try Settings(environment: ["PAYOUT_API_PASSWORD_FILE": secret.path])
        let value = try #require(try settings.value("PAYOUT_API_PASSWORD"))
        #expect(value.text == "hunter2")
        #expect(value.source == .secretFile)
        #expect(value.path == secret.path)
    }

    @Test func unreadableSecretFileIsAConfigurationError() throws {
        let settings = try Settings(environment: ["PAYOUT_API_PASSWORD_FILE": "/nonexistent/secret"])
        #expect(throws: ConfigurationError.self) { try settings.value("PAYOUT_API_PASSWORD") }
    }

    @Test(arguments: [
        "kafka:\n  group:\n    id: nested\n", #"{"kafka": {"group.id": "nested"}}"#, "kafka.group.id: nested\n",
    ])
    func keysInAFileAreNestedOrDotted(text: String) throws {
        let file = try TemporaryFile(text)
        #expect(try Settings(environment: [:], file: file.path).value("KAFKA_GROUP_ID")?.text == "nested")
    }

    @Test func unknownKeyInTheFileIsNamed() throws {
        let file = try TemporaryFile("kafka.grup.id: typo\n")
        let error = #expect(throws: ConfigurationError.self) { try Settings(environment: [:], file: file.path) }
        #expect(error?.description.contains("KAFKA_GRUP_ID") == true)
    }

    @Test(arguments: ["[1, 2]", "a: [", "just text"])
    func fileWithoutAnObjectIsRefused(text: String) throws {
        let file = try TemporaryFile(text)
        #expect(throws: ConfigurationError.self) { try Settings(environment: [:], file: file.path) }
    }

    @Test func clientPropertiesAreTranslatedAndTheHighestPrecedenceWins() throws {
        let secret = try TemporaryFile("s3cret\n")
        let file = try TemporaryFile("kafka.client.security.protocol: plaintext\nkafka.client.client.rack: r1\n")
        let settings = try Settings(
            environment: [
                "KAFKA_CLIENT_SECURITY_PROTOCOL": "sasl_ssl", "KAFKA_CLIENT_SASL_PASSWORD_FILE": secret.path,
            ],
            file: file.path
        )
        let properties = try settings.clientProperties()
        #expect(properties["security.protocol"]?.text == "sasl_ssl")
        #expect(properties["client.rack"]?.text == "r1")
        #expect(properties["sasl.password"]?.text == "s3cret")
        #expect(properties["sasl.password"]?.source == .secretFile)
    }
}

@Suite struct WorkerConfigurationTests {
    static let complete = [
        "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092", "PAYOUT_API_TENANT_ID": "t", "PAYOUT_API_CLIENT_ID": "c",
        "PAYOUT_API_USERNAME": "u", "PAYOUT_API_PASSWORD": "p",
    ]

    @Test func defaultsAreThoseOfTheInterface() throws {
        let configuration = try WorkerConfiguration(Settings(environment: Self.complete))
        #expect(configuration.log.topics == KafkaTopicNames())
        #expect(configuration.log.groupID == "payout-export-workers")
        #expect(configuration.log.delivery == .exactlyOnce)
        #expect(configuration.core.commitInterval == .milliseconds(50))
        #expect(configuration.core.maxPending == 10_000)
        #expect(configuration.core.maxConcurrentDownloads == 4)
        #expect(configuration.core.jobTimeout == .seconds(26 * 3_600))
        #expect(configuration.core.requestsPerSecond == [20])
        #expect(configuration.core.storesFiles == false)
        #expect(configuration.shutdownTimeout == .seconds(25))
        #expect(configuration.accounts.map(\.name) == ["default"])
        #expect(configuration.accounts[0].blobHosts == ["*.blob.core.windows.net"])
    }

    @Test func workerIDIsTheClientIDAtTheBroker() throws {
        var environment = Self.complete
        environment["WORKER_ID"] = "w1"
        let configuration = try WorkerConfiguration(Settings(environment: environment))
        #expect(configuration.log.kafka.properties["client.id"] == "w1")
        #expect(configuration.log.isWorkerIDStable)
        #expect(try !WorkerConfiguration(Settings(environment: Self.complete)).log.isWorkerIDStable)
        environment["KAFKA_CLIENT_CLIENT_ID"] = "own"
        #expect(
            try WorkerConfiguration(Settings(environment: environment)).log.kafka.properties["client.id"] == "own"
        )
    }

    @Test func groupProtocolOfALaterLibrdkafkaIsAConfigurationErrorOfTheWorker() throws {
        var environment = Self.complete
        #expect(try WorkerConfiguration(Settings(environment: environment)).log.groupProtocol == .classic)
        environment["KAFKA_GROUP_PROTOCOL"] = "eager"
        let wrong = #expect(throws: ConfigurationError.self) {
            try WorkerConfiguration(Settings(environment: environment))
        }
        #expect(wrong?.problems == ["KAFKA_GROUP_PROTOCOL must be classic or consumer."])
        environment["KAFKA_GROUP_PROTOCOL"] = "consumer"
        guard KafkaGroupProtocol.consumer.obstacle != nil else {
            #expect(try WorkerConfiguration(Settings(environment: environment)).log.groupProtocol == .consumer)
            return
        }
        let missing = #expect(throws: ConfigurationError.self) {
            try WorkerConfiguration(Settings(environment: environment))
        }
        #expect(missing?.problems.count == 1)
        #expect(missing?.description.contains("KAFKA_GROUP_PROTOCOL") == true)
        #expect(missing?.description.contains("librdkafka 2.12.0 or later") == true)
        // Commands that join no group work.
        var reader = SettingReader(try Settings(environment: environment))
        #expect(try WorkerConfiguration.log(&reader).groupProtocol == .consumer)
        #expect(reader.problems.isEmpty)
    }

    @Test func variablesOfPropertiesAreNamedAsTheyAreSet() {
        #expect(
            Settings.clientVariables(["session.timeout.ms", "client.id"])
                == "KAFKA_CLIENT_SESSION_TIMEOUT_MS, KAFKA_CLIENT_CLIENT_ID"
        )
    }

    @Test func allProblemsAreReportedAtOnce() throws {
        let environment = [
            "WORKER_COMMIT_INTERVAL": "soon", "WORKER_MAX_PENDING": "-1", "WORKER_DELIVERY": "twice",
            "PAYOUT_API_AUTHENTICATION": "password", "KAFKA_CLIENT_NO_SUCH_THING": "x",
            "KAFKA_BOOTSTRAP_SERVERS": "localhost:9092", "FILES_LOCATION": "ftp://nowhere",
        ]
        let error = #expect(throws: ConfigurationError.self) {
            try WorkerConfiguration(Settings(environment: environment))
        }
        let text = error?.description ?? ""
        for name in [
            "WORKER_COMMIT_INTERVAL", "WORKER_MAX_PENDING", "WORKER_DELIVERY", "PAYOUT_API_TENANT_ID",
            "PAYOUT_API_USERNAME", "PAYOUT_API_PASSWORD", "no.such.thing", "FILES_LOCATION",
        ] { #expect(text.contains(name), "\(name) is not named in: \(text)") }
    }

    @Test func accountsInheritCommonSettings() throws {
        let file = try TemporaryFile(
            """
            accounts:
              emea: {username: emea@contoso.example, password: e, requests.per.second: 5}
              apac: {payout.api.authentication: client-credentials, client.secret: a}
            """
        )
        let configuration = try WorkerConfiguration(Settings(environment: Self.complete, file: file.path))
        #expect(configuration.accounts.map(\.name) == ["default", "apac", "emea"])
        #expect(configuration.core.requestsPerSecond == [20, 20, 5])
        guard case .clientCredentials = configuration.accounts[1].tokens.flow else {
            Issue.record("apac does not use client credentials")
            return
        }
        guard case .password(let username, _, _) = configuration.accounts[2].tokens.flow else {
            Issue.record("emea does not use a password")
            return
        }
        #expect(username == "emea@contoso.example")
    }

    @Test func moreAccountsThanSupportedAreAConfigurationError() {
        #expect(AccountConfiguration.problem(ofCount: 65_534) == nil)
        #expect(AccountConfiguration.problem(ofCount: 65_535)?.contains("65535") == true)
    }

    @Test func explainedValuesContainNoSecret() throws {
        var environment = Self.complete
        environment["PAYOUT_API_PASSWORD"] = "hunter2"
        environment["KAFKA_CLIENT_SASL_PASSWORD"] = "hunter3"
        environment["KAFKA_CLIENT_SSL_KEY_PEM"] = "hunter4"
        var problems: [String] = []
        let values = ExplainedValue.all(try Settings(environment: environment), &problems)
        #expect(problems.isEmpty)
        #expect(!values.contains { $0.value?.contains("hunter") ?? false })
        #expect(values.first { $0.name == "PAYOUT_API_PASSWORD" }?.value == ExplainedValue.mask)
        #expect(values.first { $0.name == "KAFKA_BOOTSTRAP_SERVERS" }?.value == "localhost:9092")
        #expect(values.first { $0.name == "PAYOUT_API_REFRESH_TOKEN" }?.source == nil)
    }

    // MARK: File stores

    private func files(_ variables: [String: String]) throws -> FilesConfiguration {
        try WorkerConfiguration(Settings(environment: Self.complete.merging(variables) { $1 })).files
    }

    @Test func s3StoreIsConfigured() throws {
        let files = try files([
            "FILES_LOCATION": "s3://finance-exports/payouts", "FILES_S3_ENDPOINT": "https://minio:9000",
            "FILES_S3_PATH_STYLE": "false", "FILES_S3_REGION": "eu-west-1",
            "FILES_S3_SERVER_SIDE_ENCRYPTION": "aws:kms", "FILES_S3_KMS_KEY_ID": "alias/exports",
            "FILES_S3_STORAGE_CLASS": "STANDARD_IA", "FILES_S3_CHECKSUM": "md5", "AWS_PROFILE": "exports", "HOME": "/x",
            "FILES_KEY_TEMPLATE": "{jobId}/{fileName}",
        ])
        #expect(files.s3.endpoint == "https://minio:9000")
        #expect(files.s3.pathStyle == false)
        #expect(files.s3.region == "eu-west-1")
        #expect(files.s3.encryption == .kms)
        #expect(files.s3.kmsKeyID == "alias/exports")
        #expect(files.s3.storageClass == "STANDARD_IA")
        #expect(files.s3.checksum == .md5)
        // Only AWS's variables and HOME.
        #expect(files.s3.environment == ["AWS_PROFILE": "exports", "HOME": "/x"])
        #expect(try files.makeStore()?.location == "s3://finance-exports/payouts")
        #expect(files.template == (try FileKeyTemplate("{jobId}/{fileName}")))
    }

    @Test func modeOfFilesIsConfigured() throws {
        #expect(try files([:]).mode == .standard)
        #expect(try files(["FILES_MODE": "0600"]).mode == FileMode("0600"))
    }

    @Test func azureStoreIsConfigured() throws {
        let file = try TemporaryFile("sv=1&sig=secret\n")
        let files = try files([
            "FILES_LOCATION": "azblob://finance/exports/payouts", "FILES_AZURE_SAS_TOKEN_FILE": file.path,
        ])
        #expect(files.azure.sasToken == .file(file.path))
        #expect(try files.makeStore()?.location == "azblob://finance/exports/payouts")
    }

    @Test(arguments: [
        (["FILES_LOCATION": "azblob://finance/exports"], "FILES_AZURE_SAS_TOKEN"),
        (["FILES_LOCATION": "s3://x"], "FILES_LOCATION"),
        (["FILES_S3_SERVER_SIDE_ENCRYPTION": "rot13"], "FILES_S3_SERVER_SIDE_ENCRYPTION"),
        (["FILES_S3_KMS_KEY_ID": "alias/x"], "FILES_S3_KMS_KEY_ID"),
        (["FILES_S3_CHECKSUM": "crc"], "FILES_S3_CHECKSUM"),
        (["FILES_S3_PATH_STYLE": "perhaps"], "FILES_S3_PATH_STYLE"),
        (["FILES_MODE": "0755"], "FILES_MODE"), (["FILES_MODE": "rw"], "FILES_MODE"),
        (["FILES_KEY_TEMPLATE": "{fileName}"], "FILES_KEY_TEMPLATE"),
    ])
    func invalidStoreSettingIsNamed(variables: [String: String], name: String) throws {
        let error = #expect(throws: ConfigurationError.self) { try files(variables) }
        #expect(error?.description.contains(name) == true)
    }

    @Test(
        arguments: [
            ("https://grafana.example.com", "https://grafana.example.com"), ("http://g:3000/sub/", "http://g:3000/sub"),
            ("", nil),
        ] as [(String, String?)]
    )
    func addressOfGrafanaHasNoSlashAtItsEnd(text: String, expected: String?) throws {
        var reader = SettingReader(try Settings(environment: ["HTTP_GRAFANA_URL": text]))
        #expect(reader.webAddress("HTTP_GRAFANA_URL") == expected)
        #expect(reader.problems.isEmpty)
    }

    @Test(arguments: [
        "grafana.example.com", "javascript:alert(1)", "ftp://g", "https://", "https://user:hunter2@g",
        "https://g?kiosk",
        "https://g/#a", "https://g/\"><script>",
    ])
    func addressOfGrafanaIsAPlainWebAddress(text: String) throws {
        var reader = SettingReader(try Settings(environment: ["HTTP_GRAFANA_URL": text]))
        #expect(reader.webAddress("HTTP_GRAFANA_URL") == nil)
        let problem = try #require(reader.problems.first)
        #expect(problem.contains("HTTP_GRAFANA_URL") && !problem.contains("hunter2"))
    }
}
