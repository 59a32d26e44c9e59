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
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioCompression: Target.Dependency = .product(name: "NIOHTTPCompression", package: "swift-nio-extras")
let nioFoundation: Target.Dependency = .product(name: "NIOFoundationCompat", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let protobuf: Target.Dependency = .product(name: "SwiftProtobuf", package: "swift-protobuf")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")

// MARK: - Package

let package = Package(
    name: "payout-export-worker",
    platforms: [.macOS(.v15)],
    products: [
        .executable(name: "payout-worker", targets: ["payout-worker"]),
        .library(name: "PayoutAPI", targets: ["PayoutAPI", "PayoutFilters"]),
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
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.29.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.11.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.0.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.25.0"),
    ],
    targets: [
        // librdkafka, from the system.
        .systemLibrary(
            name: "CRDKafka",
            pkgConfig: "rdkafka",
            providers: [.apt(["librdkafka-dev"]), .brew(["librdkafka"])]
        ),
        room("KafkaClient", ["CRDKafka", logging]),
        room("EmbeddedKafka", ["CRDKafka"]),

        // The service.
        room("PayoutFilters"),
        room(
            "PayoutAPI",
            [
                "PayoutFilters", asyncHTTPClient, crypto, logging, metrics, nioCompression, nioCore, nioFoundation,
                nioHTTP1, nioPosix, tracing,
            ]
        ),
        room("PayoutSandbox", [crypto, hummingbird, httpTypes, logging, nioCore]),

        // The engine.
        room("ExportCore"),
        room("ExportRecords", ["ExportCore", "PayoutFilters", protobuf]),
        room("FileStores", [asyncHTTPClient, crypto, nioCore, nioHTTP1]),
        room("WorkerRuntime", ["ExportCore", "ExportRecords", logging, tracing]),
        room("WorkerKafka", ["WorkerRuntime", "KafkaClient", logging, tracing]),
        room(
            "WorkerExports",
            [
                "WorkerRuntime", "ExportCore", "PayoutAPI", "PayoutFilters", "FileStores", crypto, logging, nioCore,
                tracing,
            ]
        ),

        room("WorkerConsole", ["WorkerRuntime", "ExportCore", hummingbird, httpTypes, logging, metrics, nioCore]),

        // The command: the only one that reads the environment or exits.
        .executableTarget(
            name: "payout-worker",
            dependencies: [
                "ExportCore", "ExportRecords", "WorkerRuntime", "WorkerKafka", "WorkerExports", "WorkerConsole",
                "KafkaClient", "EmbeddedKafka", "PayoutAPI", "PayoutFilters", "PayoutSandbox", "FileStores",
                argumentParser, asyncHTTPClient, crypto, logging, metrics, nioCore, nioHTTP1, tracing, yams,
            ],
            swiftSettings: settings
        ),

        // Tests: one target per room, and the suites that cross them.
        tests("KafkaClient", ["EmbeddedKafka", "CRDKafka", logging]),
        tests("EmbeddedKafka", ["KafkaClient", logging]),
        tests("PayoutFilters"),
        tests(
            "PayoutAPI",
            [
                "PayoutFilters", "PayoutSandbox", asyncHTTPClient, crypto, logging, metrics, nioCore, nioFoundation,
                nioHTTP1, nioPosix, tracing,
            ],
            excluding: ["Fuzzing/Corpus"]
        ),
        tests(
            "PayoutSandbox",
            [asyncHTTPClient, crypto, nioCore, nioHTTP1, nioPosix],
            excluding: ["openapi_check.py"]
        ),
        tests("ExportCore"),
        tests("ExportRecords", ["ExportCore", "PayoutFilters", protobuf]),
        .target(
            name: "StoreStandIns",
            dependencies: [crypto, hummingbird, httpTypes, logging, nioCore],
            path: "Tests/StoreStandIns",
            exclude: ["moto_stage.py"],
            swiftSettings: settings
        ),
        tests("FileStores", ["StoreStandIns", crypto, nioCore, nioHTTP1]),
        tests("WorkerRuntime", ["ExportCore", "ExportRecords", logging, tracing]),
        tests(
            "WorkerExports",
            [
                "ExportCore", "FileStores", "PayoutAPI", "PayoutFilters", "PayoutSandbox", "WorkerRuntime", crypto,
                logging,
            ]
        ),
        tests("WorkerConsole", ["WorkerRuntime", "ExportCore", logging, metrics]),
        .testTarget(
            name: "LogConformance",
            dependencies: [
                "WorkerKafka", "WorkerRuntime", "KafkaClient", "EmbeddedKafka", "SimulationHarness", "ExportCore",
                logging,
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
                "payout-worker", "EmbeddedKafka", "KafkaClient", "ExportCore", "ExportRecords", "FileStores",
                "PayoutAPI", "PayoutFilters", "PayoutSandbox", "WorkerKafka", argumentParser, httpTypes, hummingbird,
                logging, nioCore, tracing,
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "Examples",
            dependencies: ["payout-worker"],
            swiftSettings: settings
        ),
        .testTarget(name: "ArchitectureTests", swiftSettings: settings),
        .executableTarget(
            name: "bench",
            dependencies: [
                "CRDKafka", "EmbeddedKafka", "ExportCore", "ExportRecords", "KafkaClient", "PayoutAPI", "PayoutFilters",
                asyncHTTPClient, logging, nioCore, nioHTTP1,
            ],
            path: "Tests/Benchmarks/Parts",
            swiftSettings: settings
        ),
        .target(
            name: "EnduranceHarness",
            dependencies: ["PayoutAPI", "PayoutFilters", "PayoutSandbox"],
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
            dependencies: ["FileStores", "StoreStandIns"],
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

/// A target of ours; the arrows are its dependencies.
func room(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: settings)
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
