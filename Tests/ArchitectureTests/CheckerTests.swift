import Testing

/// Tests of the checks, because a check that never finds anything would pass too.
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
        "Similar text is not found",
        arguments: [
            "// exit(1)", "address.environment", "machine.exit(1)", "let text = \"exit(1)\"", "func onExit() {}",
        ]
    )
    func notProcess(_ line: String) {
        #expect(Rooms.linesOfTheCommandOnly(SwiftText(line)) == [])
    }

    @Test(
        "A task without an owner is found",
        arguments: [
            "Task { await run() }", "    Task {", "Task.detached { run() }", "Task(priority: .low) {",
            "Task<Void, Never> {", "_ = Task { run() }", "onCancel: { Task { await end() } }", "defer { Task {",
            "if isDue { Task.detached {", "call()\nTask { run() }",
        ]
    )
    func unownedTask(_ source: String) {
        #expect(UnownedTasks.lines(in: SwiftText(source)).count == 1)
    }

    @Test(
        "A task with an owner is not found",
        arguments: [
            "let task = Task { await run() }", "self.task = Task.detached {", "await Task { run() }.value",
            "return Task {", "let task =\n    Task {", "let task = known\n    ?? Task { [fetch] () async -> Int in",
            "tasks.append(Task {", "tasks.append(\n    Task { run() }\n)", "start(task: Task { run() })",
            "group.addTask { run() }", "try await Task.sleep(for: .seconds(1))", "guard !Task.isCancelled else {",
            "let tasks: [Task<Void, Never>] = []", "// Task { run() }", "struct OwnedTask {",
        ]
    )
    func ownedTask(_ source: String) {
        #expect(UnownedTasks.lines(in: SwiftText(source)) == [])
    }

    @Test(
        "A function's length is counted from its declaration to its closing brace",
        arguments: [
            ("func a() {\n    call()\n}", [3]),
            ("    public static func a<T>(\n        _ b: T\n    ) -> T where T: B {\n        b\n    }", [5]),
            ("init?(_ a: Int) { nil }", [1]),
            ("func a(b: () -> Void = {}) {\n    // }\n    c {\n    }\n}", [5]),
            ("func a() {\n    let b = \"}\"\n    func c() {\n    }\n}", [5, 2]),
            ("protocol A {\n    func b()\n    func c(\n        d: Int\n    ) async\n}\nfunc e() {\n}", [2]),
            ("self.init(a: 1)", []),
        ]
    )
    func functionLengths(_ source: String, _ lengths: [Int]) {
        #expect(SwiftText(source).functions.map(\.length) == lengths)
    }
}
