import Testing

/// The checks themselves: a check that finds nothing anywhere would pass too.
@Suite("The checks of the structure")
struct CheckerTests {
    @Test(
        "Imports are found in every form",
        arguments: [
            ("import A", ["A"]),
            ("public import A", ["A"]),
            ("  @testable import A // why", ["A"]),
            ("@preconcurrency package import A", ["A"]),
            ("import struct A.B", ["A"]),
            ("import A.B", ["A"]),
            ("import A; import B", ["A", "B"]),
            ("/* import A */ import B", ["B"]),
            ("/* /* */ import A\n*/\nimport B", ["B"]),
            ("// import A", []),
            ("/// import A", []),
            ("let text = \"\"\"\n    import A\n    \"\"\"\nimport B", ["B"]),
            ("let text = \"/*\"\nimport A", ["A"]),
            ("let important = 1", []),
        ]
    )
    func imports(_ source: String, _ modules: [String]) {
        #expect(SwiftText(source).imports.map(\.module) == modules)
    }

    @Test(
        "A forbidden import is found",
        arguments: [
            ("ExportCore", "Foundation"), ("PayoutFilters", "Synchronization"), ("WorkerKafka", "WorkerExports"),
            ("WorkerExports", "WorkerKafka"), ("WorkerKafka", "CRDKafka"), ("payout-worker", "CRDKafka"),
            ("PayoutAPI", "KafkaClient"), ("KafkaClient", "ExportCore"), ("FileStores", "Testing"),
        ]
    )
    func forbidden(_ room: String, _ module: String) {
        let source = SwiftText("public import \(module)\n")
        #expect(Rooms.forbiddenImports(of: room, in: source, testModules: ["Testing"]).map(\.module) == [module])
    }

    @Test(
        "An allowed import is not found",
        arguments: [
            ("KafkaClient", "CRDKafka"), ("WorkerExports", "PayoutAPI"), ("WorkerKafka", "Logging"),
            ("payout-worker", "WorkerKafka"),
        ]
    )
    func allowed(_ room: String, _ module: String) {
        let source = SwiftText("import \(module)\n")
        #expect(Rooms.forbiddenImports(of: room, in: source, testModules: ["Testing"]).isEmpty)
    }

    @Test(
        "Environment and exit are found",
        arguments: [
            "let all = ProcessInfo.processInfo.environment", "if let home = getenv(\"HOME\") {}", "exit(1)",
            "    Glibc.exit(0)", "defer { _exit(3) }", "ProcessInfo().environment[\"A\"]",
        ]
    )
    func process(_ line: String) {
        #expect(Rooms.linesOfTheCommandOnly(SwiftText(line)) == [1])
    }

    @Test(
        "What only looks like it is not",
        arguments: [
            "// exit(1)", "address.environment", "machine.exit(1)", "let text = \"exit(1)\"", "func onExit() {}",
        ]
    )
    func notProcess(_ line: String) {
        #expect(Rooms.linesOfTheCommandOnly(SwiftText(line)) == [])
    }
}
