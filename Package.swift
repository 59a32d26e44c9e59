// swift-tools-version: 6.2

import PackageDescription

// Every target of ours is built with the same settings. Imports are internal unless a
// declaration's public interface needs the module, so an arrow between rooms is always visible.
// WARNINGS_AS_ERRORS in the environment makes warnings of our own targets errors; other packages'
// warnings are not our business.
let settings: [SwiftSetting] =
    [
        .enableUpcomingFeature("InternalImportsByDefault"),
        .enableUpcomingFeature("ExistentialAny"),
        .enableUpcomingFeature("MemberImportVisibility"),
    ] + (Context.environment["WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)])

// MARK: - Products of other packages

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioCompression: Target.Dependency = .product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioHTTPTypes: Target.Dependency = .product(name: "NIOHTTPTypes", package: "swift-nio-extras")
let nioHTTPTypesHTTP1: Target.Dependency = .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")

/// What the targets of `Tests/Fuzzing` parse with.
let fuzzed: [Target.Dependency] = [
    "EntraIdentity", "ExportCore", "ExportRecords", "FileStores", "HTTPAccess", "HTTPStandIns", "PayoutAPI",
    "PayoutFilters", "Primitives", "TestSupport", "WorkerConsole", "WorkerSamples", "payout-worker", asyncHTTPClient,
    httpTypes, nioCore, nioEmbedded, nioHTTP1,
]

// MARK: - Package

let package = Package(
    name: "payout-export-worker",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "payout-worker", targets: ["payout-worker"]),
        .library(
            name: "PayoutAPI",
            targets: ["PayoutAPI", "PayoutFilters", "EntraIdentity", "HTTPAccess", "Primitives"]
        ),
        .library(name: "KafkaClient", targets: ["KafkaClient", "Primitives"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-crypto", "3.12.3"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.3"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.6.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.86.0"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.24.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl.git", from: "2.30.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.29.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.11.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.25.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
    ],
    targets: [
        // librdkafka, from the system.
        .systemLibrary(
            name: "CRDKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]
        ),
        room("KafkaClient", ["CRDKafka", "Primitives", logging]),
        room("EmbeddedKafka", ["CRDKafka"]),

        // What every other room may use.
        room("Primitives"),

        // HTTP requests of every kind, and the tokens that most of them need.
        room(
            "HTTPAccess",
            [
                "Primitives", asyncHTTPClient, metrics, nioCompression, nioCore, nioHTTP1, nioPosix, nioSSL, nioTLS,
                tracing,
            ]
        ),
        room("EntraIdentity", ["HTTPAccess", "Primitives", crypto, logging, nioCore, nioHTTP1, nioPosix]),

        // The service.
        room("PayoutFilters"),
        room(
            "PayoutAPI",
            [
                "EntraIdentity", "HTTPAccess", "PayoutFilters", "Primitives", crypto, logging, nioCore, nioHTTP1,
            ]
        ),
        // HTTP servers: of the sandbox, of the console, and of stand-ins in tests.
        room(
            "HTTPListening",
            [
                hummingbird, hummingbirdCore, httpTypes, lifecycle, logging, nioCore, nioHTTP1, nioHTTPTypes,
                nioHTTPTypesHTTP1,
            ]
        ),
        room("PayoutSandbox", ["HTTPListening", "Primitives", crypto, hummingbird, httpTypes, logging, nioCore]),

        // The engine.
        room("ExportCore"),
        room("ExportRecords", ["ExportCore", "PayoutFilters", "Primitives"]),
        room("FileStores", ["EntraIdentity", "HTTPAccess", "Primitives", crypto, nioCore, nioHTTP1, nioPosix]),
        room("WorkerRuntime", ["ExportCore", "ExportRecords", "Primitives", tracing]),
        room(
            "WorkerKafka",
            ["WorkerRuntime", "ExportCore", "ExportRecords", "KafkaClient", "Primitives", logging, tracing]
        ),
        room(
            "WorkerExports",
            [
                "WorkerRuntime", "ExportCore", "EntraIdentity", "HTTPAccess", "PayoutAPI", "PayoutFilters",
                "FileStores", "Primitives",
                crypto, logging, nioCore, tracing,
            ]
        ),

        room(
            "WorkerTelemetry",
            [
                "WorkerRuntime", "ExportCore", "Primitives", "HTTPAccess", lifecycle, logging, metrics, nioCore,
                nioHTTP1, tracing,
            ]
        ),
        room(
            "WorkerConsole",
            [
                "HTTPListening", "WorkerRuntime", "WorkerTelemetry", "ExportCore", "ExportRecords", "Primitives",
                crypto, hummingbird, httpTypes, lifecycle, logging, nioCore,
            ],
            embedding: ["Dashboard/Resources"]
        ),

        // The command: the only one that reads the environment or exits.
        .executableTarget(
            name: "payout-worker",
            dependencies: [
                "ExportCore", "ExportRecords", "WorkerRuntime", "WorkerKafka", "WorkerExports", "WorkerTelemetry",
                "WorkerConsole", "KafkaClient", "EmbeddedKafka", "EntraIdentity", "HTTPAccess", "PayoutAPI",
                "PayoutFilters", "PayoutSandbox", "FileStores", "Primitives", argumentParser, crypto, lifecycle,
                logging, metrics, nioCore, tracing, unixSignals, yams,
            ],
            swiftSettings: settings
        ),

        // Tests: one target per room, and the suites that cross them.
        .target(name: "TestSupport", dependencies: [logging], path: "Tests/TestSupport", swiftSettings: settings),
        tests("KafkaClient", ["EmbeddedKafka", "CRDKafka", "Primitives", "TestSupport", logging]),
        tests("EmbeddedKafka", ["KafkaClient", logging]),
        tests("Primitives", ["TestSupport"]),
        // Parsers of untrusted bytes, with generated inputs.
        .testTarget(
            name: "FuzzTests",
            dependencies: fuzzed,
            path: "Tests/Fuzzing",
            exclude: ["Corpus", "Driver", "fuzz.py"],
            swiftSettings: settings
        ),
        // Programs that tests start.
        .systemLibrary(name: "CSpawn", path: "Tests/ChildProcesses/Native"),
        .target(
            name: "ChildProcesses",
            dependencies: ["CSpawn"],
            path: "Tests/ChildProcesses",
            exclude: ["Native"],
            swiftSettings: settings
        ),
        tests("PayoutFilters", ["TestSupport"]),
        .target(
            name: "HTTPStandIns",
            dependencies: [
                "EntraIdentity", "HTTPAccess", "Primitives", "TestSupport", nioCore, nioHTTP1, nioPosix, nioSSL,
                nioTLS,
            ],
            path: "Tests/HTTPStandIns",
            swiftSettings: settings
        ),
        tests("HTTPAccess", ["HTTPStandIns", "TestSupport", nioCore, nioHTTP1, nioSSL]),
        tests(
            "EntraIdentity",
            [
                "HTTPAccess", "HTTPStandIns", "Primitives", "TestSupport", crypto, nioCore, nioHTTP1, nioPosix,
            ]
        ),
        tests(
            "PayoutAPI",
            [
                "EntraIdentity", "HTTPAccess", "HTTPStandIns", "PayoutFilters", "PayoutSandbox", "Primitives",
                "TestSupport", crypto, metrics, nioCore, nioHTTP1, nioPosix, tracing,
            ]
        ),
        tests(
            "PayoutSandbox",
            ["ChildProcesses", "Primitives", "TestSupport", asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix],
            excluding: ["openapi_check.py"]
        ),
        tests("ExportCore"),
        tests("ExportRecords", ["ExportCore", "PayoutFilters", "TestSupport", protobuf]),
        .target(
            name: "StoreStandIns",
            dependencies: [
                "ChildProcesses", "HTTPListening", "Primitives", crypto, hummingbird, httpTypes, logging, nioCore,
            ],
            path: "Tests/StoreStandIns",
            exclude: ["moto_fixture.py"],
            swiftSettings: settings
        ),
        tests("FileStores", ["HTTPAccess", "Primitives", "StoreStandIns", "TestSupport", crypto, nioCore, nioHTTP1]),
        tests("WorkerRuntime", ["ExportCore", "ExportRecords", "TestSupport", tracing]),
        tests(
            "WorkerExports",
            [
                "EntraIdentity", "ExportCore", "FileStores", "HTTPAccess", "HTTPStandIns", "PayoutAPI", "PayoutFilters",
                "PayoutSandbox",
                "Primitives",
                "WorkerRuntime",
                crypto, logging, nioCore,
            ]
        ),
        // Reports and statuses with planted secrets, for the tests of what reports them.
        .target(
            name: "WorkerSamples",
            dependencies: ["WorkerTelemetry", "WorkerRuntime", "ExportCore"],
            path: "Tests/WorkerSamples",
            swiftSettings: settings
        ),
        tests(
            "WorkerTelemetry",
            [
                "ChildProcesses", "TestSupport", "WorkerSamples", "WorkerRuntime", "ExportCore", "Primitives", logging,
                metrics,
            ]
        ),
        tests(
            "WorkerConsole",
            [
                "TestSupport", "WorkerSamples", "WorkerRuntime", "WorkerTelemetry", "ExportCore", httpTypes, lifecycle,
                logging,
            ]
        ),
        .testTarget(
            name: "LogConformance",
            dependencies: [
                "WorkerKafka", "WorkerRuntime", "KafkaClient", "EmbeddedKafka", "SimulationHarness", "ExportCore",
                "ExportRecords", "Primitives", "TestSupport", logging, tracing,
            ],
            swiftSettings: settings
        ),
        .target(
            name: "SimulationHarness",
            dependencies: ["ExportCore"],
            path: "Tests/Simulation/Harness",
            swiftSettings: settings
        ),
        .testTarget(
            name: "SimulationTests",
            dependencies: ["SimulationHarness", "ExportCore"],
            path: "Tests/Simulation/Tests",
            swiftSettings: settings
        ),
        .testTarget(
            name: "PayoutWorkerTests",
            dependencies: [
                "payout-worker", "ChildProcesses", "EmbeddedKafka", "HTTPListening", "KafkaClient", "ExportCore",
                "ExportRecords",
                "EntraIdentity", "FileStores", "HTTPAccess", "HTTPStandIns", "PayoutAPI", "PayoutFilters",
                "PayoutSandbox", "Primitives", "TestSupport", "WorkerConsole", "WorkerKafka", "WorkerRuntime",
                "WorkerTelemetry", argumentParser, httpTypes, hummingbird, lifecycle, logging, nioCore, tracing, yams,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "Examples",
            dependencies: ["payout-worker", "ChildProcesses", "TestSupport"],
            exclude: ["loading.py", "period.py", "warehouse.py"],
            swiftSettings: settings
        ),
        .testTarget(name: "ArchitectureTests", dependencies: ["ChildProcesses"], swiftSettings: settings),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CRDKafka", "EmbeddedKafka", "ExportCore", "ExportRecords", "KafkaClient", "EntraIdentity",
                "HTTPAccess",
                "PayoutAPI", "PayoutFilters", "Primitives", "WorkerSamples", "WorkerTelemetry",
                asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            path: "Tests/Benchmarks/Parts",
            swiftSettings: settings
        ),
        .target(
            name: "EnduranceHarness",
            dependencies: [
                "EntraIdentity", "HTTPAccess", "PayoutAPI", "PayoutFilters", "PayoutSandbox", "Primitives",
            ],
            path: "Tests/Endurance/Harness",
            swiftSettings: settings
        ),
        .testTarget(
            name: "EnduranceTests",
            dependencies: ["EnduranceHarness", "PayoutAPI", "PayoutSandbox"],
            path: "Tests/Endurance/Tests",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "endure",
            dependencies: ["EnduranceHarness", "PayoutSandbox"],
            path: "Tests/Endurance/Runner",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "bench-stores",
            dependencies: ["FileStores", "Primitives", "StoreStandIns", nioCore],
            path: "Tests/StoreBenchmarks",
            exclude: ["stores.py"],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "simulate",
            dependencies: ["SimulationHarness", "ExportCore"],
            path: "Tests/SimulationRunner",
            swiftSettings: settings
        ),
    ],
    swiftLanguageModes: [.v6]
)

// TEST_TARGETS in the environment, names separated by blanks, leaves the other test targets out: a change of one room is
// then built and tested without the rest.
if let wanted = Context.environment["TEST_TARGETS"]?.split(separator: " ").map(String.init) {
    package.targets.removeAll { $0.type == .test && !wanted.contains($0.name) }
}

// FUZZING in the environment replaces the suite of generated inputs by the program `fuzz`, which `make fuzz` builds: our own
// code has the instrumentation of libFuzzer and of address sanitizer, other packages are built as usual. It uses code of the
// command too, whose own entry point gets another name.
if Context.environment["FUZZING"] != nil {
    let sanitizers = ["-sanitize=fuzzer,address"]
    package.targets.removeAll { $0.type == .test }
    package.products.removeAll { $0.name == "payout-worker" }
    package.targets = package.targets.map { target in
        guard target.name == "payout-worker" else { return target }
        let entry = SwiftSetting.unsafeFlags(["-Xfrontend", "-entry-point-function-name", "-Xfrontend", "worker_main"])
        return .target(name: target.name, dependencies: target.dependencies, swiftSettings: settings + [entry])
    }
    package.targets.append(
        .executableTarget(
            name: "fuzz",
            dependencies: fuzzed,
            path: "Tests/Fuzzing",
            exclude: ["Corpus", "Suite", "fuzz.py"],
            swiftSettings: settings,
            // This linker uses the program's entry point rather than the one in libFuzzer.
            linkerSettings: [.unsafeFlags(sanitizers + ["-use-ld=lld"])]
        )
    )
    for target in package.targets where target.type != .system {
        target.swiftSettings? += [.unsafeFlags(sanitizers + ["-enable-testing"])]
    }
}

/// A target of ours; the arrows are its dependencies. Files in the embedded folders become constants of
/// `PackageResources`: `page.html` is `page_html`, an array of bytes.
func room(_ name: String, _ dependencies: [Target.Dependency] = [], embedding folders: [String] = []) -> Target {
    .target(
        name: name,
        dependencies: dependencies,
        resources: folders.map(Resource.embedInCode),
        swiftSettings: settings
    )
}

/// The tests of a room.
func tests(_ name: String, _ dependencies: [Target.Dependency] = [], excluding: [String] = []) -> Target {
    .testTarget(
        name: name + "Tests",
        dependencies: [.byName(name: name)] + dependencies,
        exclude: excluding,
        swiftSettings: settings
    )
}
