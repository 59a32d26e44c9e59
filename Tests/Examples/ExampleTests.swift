import Foundation
import Testing

/// Runs the examples of README.md unchanged.
@Suite("README examples", .serialized)
struct ExampleTests {
    @Test("The kcat examples enqueue and read", .enabled(if: Places.kcat != nil, "kcat is not installed"))
    func kcat() async throws {
        try await SandboxEnvironment.with { environment in
            _ = try await environment.shell(try Readme.example("kcat-enqueue"))
            let results = try Readme.example("kcat-results")
            try await eventually("kcat reads the event") {
                try await environment.shell(results).contains { $0.isNewline }
            }
            let line = try await environment.shell(results).split(separator: "\n").first { $0.hasPrefix("from-kcat ") }
            let event = try decode(try #require(line).dropFirst("from-kcat ".count))
            #expect(event.jobId == "from-kcat")
            #expect(event.status == "completed")
            #expect(event.files.count == 1)

            // The command enqueues the same job again; it must choose the same partition.
            _ = try await environment.output(
                of: environment.worker,
                [
                    "enqueue", "--job-id", "from-kcat", "--kind", "payments", "--filter",
                    "payoutStatusUpdateTS ge 2023-03-01",
                ]
            )
            let partitions = try await environment.shell(
                "kcat -C -q -e -o beginning -b \"$KAFKA_BOOTSTRAP_SERVERS\" -t payout.export.jobs -f '%p\\n'"
            )
            #expect(partitions.split(separator: "\n").count == 2)
            #expect(
                Set(partitions.split(separator: "\n")).count == 1,
                "kcat and the command chose different partitions"
            )
        }
    }

    @Test(
        "The Python examples enqueue and read",
        .enabled("there is no Python with confluent-kafka; `make test` sets one up") { await Places.python() != nil }
    )
    func python() async throws {
        let python = try #require(await Places.python())
        try await SandboxEnvironment.with { environment in
            _ = try await environment.output(of: python, ["-c", try Readme.example("python-enqueue")])
            let printed = try await environment.output(
                of: python,
                ["-u", "-c", try Readme.example("python-results")],
                within: .seconds(600)
            )
            let event = #/from-python\/\d+-\d+\/completed completed \['file:\/\//#
            #expect(printed.contains(event), "\(printed)")
        }
    }

    @Test("Examples are found by their name only")
    func extraction() {
        let text = "a\n<!-- example: one -->\n```sh\necho 1\necho 2\n```\n<!-- example: two -->\ntext\n"
        #expect(Readme.example("one", in: text) == "echo 1\necho 2\n")
        #expect(Readme.example("two", in: text) == nil)
        #expect(Readme.example("three", in: text) == nil)
    }

    private struct Event: Decodable {
        struct File: Decodable {
            var location: String
        }

        var jobId: String
        var status: String
        var files: [File]
    }

    private func decode(_ line: Substring) throws -> Event {
        try JSONDecoder().decode(Event.self, from: Data(line.utf8))
    }
}
