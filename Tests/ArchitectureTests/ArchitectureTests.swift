import Testing

@Suite("The package's structure")
struct ArchitectureTests {
    let repository = Repository()

    @Test("Every folder of Sources is a known room")
    func roomsAreKnown() throws {
        #expect(Set(try repository.folders(in: "Sources")) == Set(Rooms.arrows.keys))
    }

    @Test("Rooms import only what the arrows allow, and nothing of the tests")
    func importsFollowTheArrows() throws {
        let tests = Set(try repository.folders(in: "Tests")).union(["Testing", "XCTest", "SimulationHarness"])
        var findings: [String] = []
        for file in try repository.swiftFiles(in: "Sources") {
            for found in Rooms.forbiddenImports(of: file.target, in: SwiftText(file.text), testModules: tests) {
                findings.append("\(file.path):\(found.line): \(file.target) must not import \(found.module)")
            }
        }
        #expect(findings == [])
    }

    @Test("Kafka and the payout API never meet below the command")
    func kafkaAndTheServiceAreApart() throws {
        let kafka: Set = ["CRDKafka", "KafkaClient", "EmbeddedKafka", "WorkerKafka"]
        let service: Set = ["PayoutAPI", "PayoutFilters", "WorkerExports", "FileStores"]
        // ExportRecords knows the filters, as the engine's records do; what talks to the service it does not know.
        for (room, _) in Rooms.arrows where room != Rooms.command {
            let reached = reachable(from: room)
            let sides = (
                reached.isDisjoint(with: kafka), reached.isDisjoint(with: service.subtracting(["PayoutFilters"]))
            )
            #expect(sides.0 || sides.1, "\(room) reaches both Kafka and the service")
        }
    }

    @Test("The arrows go one way only")
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

    @Test("No file is longer than 360 lines", arguments: ["Sources", "Tests"])
    func filesAreShort(_ folder: String) throws {
        let files = try repository.swiftFiles(in: folder)
        #expect(files.count > 10)
        #expect(files.filter { $0.lineCount > 360 }.map { "\($0.path): \($0.lineCount) lines" } == [])
    }

    @Test(
        "The top level holds only what belongs there",
        .enabled(if: Repository().isCheckout, "this is no git checkout")
    )
    func topLevelIsTidy() throws {
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
