import Testing

@Suite("The package's structure")
struct ArchitectureTests {
    let repository = Repository()

    @Test("Every folder of Sources is a known room")
    func roomsAreKnown() throws {
        #expect(Set(try repository.folders(in: "Sources")) == Set(Rooms.arrows.keys))
    }

    @Test("The page of the layout has a row for every room, and no other")
    func layoutListsEveryRoom() throws {
        let page = "Sources/payout-worker/payout-worker.docc/Development/Development.md"
        let rows = try repository.text(of: page).split(separator: "\n").compactMap { line -> String? in
            guard line.hasPrefix("| `Sources/"), let end = line.dropFirst(3).firstIndex(of: "`") else { return nil }
            return String(line[..<end].dropFirst("| `Sources/".count))
        }
        #expect(rows.sorted() == Rooms.arrows.keys.sorted())
    }

    @Test("Rooms import only what the table allows, and nothing of the tests")
    func importsFollowTheTable() throws {
        let tests = Set(try repository.folders(in: "Tests")).union(["Testing", "XCTest", "SimulationHarness"])
        var findings: [String] = []
        for file in try repository.swiftFiles(in: "Sources") {
            for found in Rooms.forbiddenImports(of: file.target, in: SwiftText(file.text), testModules: tests) {
                findings.append("\(file.path):\(found.line): \(file.target) must not import \(found.module)")
            }
        }
        #expect(findings == [])
    }

    @Test("No room except the command reaches both Kafka and the payout API")
    func kafkaAndTheServiceAreSeparate() throws {
        let kafka: Set = ["CRDKafka", "KafkaClient", "EmbeddedKafka", "WorkerKafka"]
        let service: Set = ["PayoutAPI", "PayoutFilters", "WorkerExports", "FileStores"]
        // ExportRecords imports the filters for the engine's records, but nothing that calls the service.
        for (room, _) in Rooms.arrows where room != Rooms.command {
            let reached = reachable(from: room)
            let sides = (
                reached.isDisjoint(with: kafka), reached.isDisjoint(with: service.subtracting(["PayoutFilters"]))
            )
            #expect(sides.0 || sides.1, "\(room) reaches both Kafka and the service")
        }
    }

    @Test("Every arrow is used, so that the table shows what is there")
    func everyArrowIsUsed() throws {
        var used: [String: Set<String>] = [:]
        for file in try repository.swiftFiles(in: "Sources") {
            used[file.target, default: []].formUnion(SwiftText(file.text).imports.map(\.module))
        }
        let unused = Rooms.arrows.flatMap { room, allowed in
            allowed.subtracting(used[room] ?? []).map { "\(room) does not import \($0)" }
        }
        #expect(unused.sorted() == [])
    }

    /// A loop whose sleep ignores the cancellation runs without pauses afterwards.
    @Test("No sleep ignores its task's cancellation")
    func everySleepHeedsCancellation() throws {
        let findings = try repository.swiftFiles(in: "Sources").flatMap { file in
            file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().filter {
                $0.element.contains("try? await Task.sleep")
            }.map { "\(file.path):\($0.offset + 1): use slept(for:), or let the error through" }
        }
        #expect(findings == [])
    }

    /// On Linux they use the threads of Swift's tasks, which are as many as the machine has cores: work that blocks there holds up
    /// every task, and work that waits there is held up.
    @Test("There are no concurrent queues")
    func noQueueIsConcurrent() throws {
        let found = try repository.swiftFiles(in: "Sources").filter {
            $0.text.contains("attributes: .concurrent") || $0.text.contains(".global(")
        }
        #expect(found.map(\.path) == [])
    }

    @Test("Every task of a worker has an owner")
    func everyTaskHasAnOwner() throws {
        var found: [String] = []
        for file in try repository.swiftFiles(in: "Sources") where UnownedTasks.rooms.contains(file.target) {
            found += UnownedTasks.lines(in: SwiftText(file.text)).map { _ in file.path }
        }
        // One in each file of the list, and nowhere else.
        #expect(found.sorted() == UnownedTasks.exceptions.keys.sorted())
    }

    @Test("Imports between rooms have no cycle")
    func thereIsNoCycle() {
        for room in Rooms.arrows.keys {
            let behind = (Rooms.arrows[room] ?? []).reduce(into: Set<String>()) { $0.formUnion(reachable(from: $1)) }
            #expect(!behind.contains(room), "\(room) reaches itself")
        }
    }

    @Test("Only the command reads the environment or ends the process")
    func onlyTheCommandTouchesTheProcess() throws {
        var findings: [String] = []
        for file in try repository.swiftFiles(in: "Sources") where file.target != Rooms.command {
            findings += Rooms.linesOfTheCommandOnly(SwiftText(file.text)).map { "\(file.path):\($0)" }
        }
        #expect(findings == [])
    }

    /// They report codes and values; the command has the sentences. Variables of a platform, as AWS's, are no settings.
    @Test("Libraries below the command name no settings, commands or tools")
    func librariesNameNoSettings() throws {
        let finding = /\b(FILES|KAFKA|WORKER|HTTP|PAYOUT_API|LOG|TLS|OTEL)_[A-Z]{2}|payout-worker |kafka-[a-z-]+\.sh/
        let findings = try repository.swiftFiles(in: "Sources").filter { Rooms.withoutSettings.contains($0.target) }
            .flatMap { file in
                file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
                    .filter { $0.element.contains(finding) }.map { "\(file.path):\($0.offset + 1): \($0.element)" }
            }
        #expect(findings == [])
    }

    @Test("Tests start programs with ChildProcess")
    func noTestUsesFoundationsProcess() throws {
        let finding = /\bProcess(\(\)|\.run\()/
        let files = try repository.swiftFiles(in: "Tests").filter { !$0.path.hasSuffix("/ArchitectureTests.swift") }
        #expect(files.filter { $0.text.contains(finding) }.map { "\($0.path): see ChildProcess" } == [])
    }

    @Test("No file is longer than 300 lines", arguments: ["Sources", "Tests"])
    func filesAreShort(_ folder: String) throws {
        let files = try repository.swiftFiles(in: folder)
        #expect(files.count > 10)
        #expect(files.filter { $0.lineCount > 300 }.map { "\($0.path): \($0.lineCount) lines" } == [])
    }

    @Test("No function is longer than 50 lines", arguments: ["Sources", "Tests"])
    func functionsAreShort(_ folder: String) throws {
        let files = try repository.swiftFiles(in: folder)
        let functions = files.flatMap { file in SwiftText(file.text).functions.map { (file.path, $0) } }
        #expect(functions.count > 100)
        let long = functions.filter { $0.1.length > 50 }
        #expect(long.map { "\($0.0):\($0.1.line): \($0.1.name) has \($0.1.length) lines" } == [])
    }

    @Test(
        "The top level has only known entries",
        .enabled(if: Repository().isCheckout, "this is no git checkout")
    )
    func topLevelHasOnlyKnownEntries() throws {
        let entries = try repository.topLevelEntries()
        let permitted: Set = [
            "Package.swift", "Sources", "Tests", "deploy", "schemas", "README.md", "Makefile", "LICENSE",
            "CHANGELOG.md",
        ]
        #expect(entries.filter { !$0.hasPrefix(".") && !permitted.contains($0) } == [])
        #expect(entries.contains("Package.swift"))
    }

    private func reachable(from room: String) -> Set<String> {
        var reached: Set<String> = [room]
        var next = [room]
        while let room = next.popLast() {
            for other in Rooms.arrows[room] ?? [] where reached.insert(other).inserted { next.append(other) }
        }
        return reached
    }
}
