import Foundation
import Testing
import TestSupport

/// Runs the recipes for clients of Kafka unchanged.
@Suite("Recipes for clients", .serialized)
struct ClientRecipeTests {
    @Test("The kcat examples enqueue and read", .enabled(if: Places.program("kcat") != nil, "kcat is not installed"))
    func kcat() async throws {
        try await SandboxEnvironment.with { environment in
            try await environment.publishBatchEvent()
            _ = try await environment.shell(try Recipe.text("kcat-enqueue"))
            let results = try Recipe.text("kcat-results")
            try await eventually("kcat reads the event") {
                try await environment.shell(results).contains("from-kcat ")
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
                "kcat -C -q -e -o beginning -b \"$KAFKA_BOOTSTRAP_SERVERS\" -t payout.export.jobs -f '%k %p\\n'"
            )
            let lines = partitions.split(separator: "\n").filter { $0.hasPrefix("from-kcat ") }
            #expect(lines.count == 2)
            #expect(Set(lines).count == 1, "kcat and the command chose different partitions")
        }
    }

    @Test(
        "The Python examples enqueue and read",
        .enabled("there is no Python with confluent-kafka; `make test` sets one up") { await Places.python() != nil }
    )
    func python() async throws {
        let python = try #require(await Places.python())
        try await SandboxEnvironment.with(partitions: 1) { environment in
            try await environment.publishBatchEvent()
            _ = try await environment.output(of: python, ["-c", try Recipe.text("python-enqueue")])
            let printed = try await environment.output(
                of: python,
                ["-u", "-c", try Recipe.text("python-results")],
                within: .seconds(600)
            )
            let event = #/from-python\/\d+-\d+\/completed completed \['file:\/\//#
            #expect(printed.contains(event), "\(printed)")
            #expect(!printed.contains("@batch/"), "\(printed)")
        }
    }

    @Test(
        "The Go recipes enqueue and read",
        .enabled(if: Places.go != nil, "there is no Go compiler with a Kafka client")
    )
    func goClient() async throws {
        let compiler = try #require(Places.go)
        try await SandboxEnvironment.with(partitions: 1) { environment in
            try await environment.publishBatchEvent()
            for (recipe, expected) in [("go-enqueue", ""), ("go-results", "from-go/")] {
                let file = environment.folder.appending(path: "\(recipe).go")
                try Data(try Recipe.text(recipe).utf8).write(to: file)
                let printed = try await environment.shell(
                    "export GO111MODULE=off GOPATH=/usr/share/gocode GOCACHE=\"$HOME/go-cache\" GOFLAGS=-tags=dynamic\n"
                        + "\(compiler.path) run \(file.path)"
                )
                #expect(printed.hasPrefix(expected), "\(printed)")
            }
        }
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
