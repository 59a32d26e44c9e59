import Foundation
import Testing

@testable import ExportCore

/// The table of `Life-of-a-job.md`, row by row.
@Suite struct TransitionTests {
    /// One transition: the phase before, the event, and the expected phase and completion event.
    struct Row: CustomTestStringConvertible, Sendable {
        let from: JobPhase?
        let what: String
        let to: JobPhase
        var status: JobStatus?
        var code: JobErrorCode?
        var storesFiles = true
        let happens: @Sendable (inout Bench) -> Void

        var testDescription: String { "\(from.map { "\($0)" } ?? "new"): \(what)" }
    }

    static let early: [Row] = [
        Row(from: nil, what: "submitted at once", to: .submitting) { $0.enqueue(export("job")) },
        Row(from: nil, what: "waits for notBefore", to: .accepted) { bench in
            bench.enqueue(export("job") { $0.notBefore = .at(10) })
        },
        Row(from: nil, what: "adopts an export", to: .waiting) { bench in
            bench.enqueue(export("job") { $0.adoptedRequestID = "request-1" })
        },
        Row(from: nil, what: "deadline already passed", to: .finished, status: .failed, code: .deadlineExceeded) {
            bench in
            bench.enqueue(export("job") { $0.deadline = .at(0) })
        },
        Row(from: .accepted, what: "notBefore reached", to: .submitting) { $0.wait(100) },
        Row(from: .accepted, what: "cancelled", to: .finished, status: .cancelled) { $0.enqueue(cancel("job")) },
        Row(from: .accepted, what: "deadline passed", to: .finished, status: .failed, code: .deadlineExceeded) {
            bench in
            bench.wait(20_000)
        },
        Row(from: .submitting, what: "accepted by the service", to: .waiting) {
            $0.answer(.created(requestID: "request-1"))
        },
        Row(from: .submitting, what: "transient failure", to: .submitting) { bench in
            bench.answer(.failed(.transient(message: "503")))
        },
        Row(from: .submitting, what: "refused", to: .finished, status: .failed, code: .apiRejected) { bench in
            bench.answer(.failed(.refused(message: "400")))
        },
        Row(from: .submitting, what: "account refused", to: .submitting) { bench in
            bench.answer(.failed(.account(.refused(message: "AADSTS50126"))))
        },
        Row(from: .submitting, what: "cancelled", to: .finished, status: .cancelled) { $0.enqueue(cancel("job")) },
        Row(from: .submitting, what: "deadline passed", to: .finished, status: .failed, code: .deadlineExceeded) {
            bench in
            bench.wait(20_000)
            bench.answer(.failed(.transient(message: "timed out")))
        },
        Row(
            from: .submitting,
            what: "accepted after the deadline",
            to: .finished,
            status: .failed,
            code: .deadlineExceeded
        ) {
            bench in
            bench.wait(20_000)
            bench.answer(.created(requestID: "request-1"))
        },
    ]

    static let late: [Row] = [
        Row(from: .waiting, what: "queued", to: .waiting) { $0.answer(.polled(.queued, url: nil, expiresAt: nil)) },
        Row(from: .waiting, what: "unknown state", to: .waiting) { bench in
            bench.answer(.polled(.unknown("Paused"), url: nil, expiresAt: nil))
        },
        Row(from: .waiting, what: "completed without a URL", to: .waiting) { bench in
            bench.answer(.polled(.completed, url: "", expiresAt: nil))
        },
        Row(from: .waiting, what: "completed, with a file store", to: .ready) { $0.answer(ready) },
        Row(from: .waiting, what: "completed", to: .finished, status: .completed, storesFiles: false) {
            $0.answer(ready)
        },
        Row(from: .waiting, what: "Failed with attempts left", to: .submitting) { bench in
            bench.answer(.polled(.failed, url: nil, expiresAt: nil))
        },
        Row(from: .waiting, what: "Failed for good", to: .finished, status: .failed, code: .exportFailed) { bench in
            for _ in 0..<2 {
                bench.answer(.polled(.failed, url: nil, expiresAt: nil))
                bench.commitAll()
                bench.answer(.created(requestID: "request-2"))
                bench.wait(60)
            }
            bench.answer(.polled(.failed, url: nil, expiresAt: nil))
        },
        Row(from: .waiting, what: "not found once", to: .waiting) { $0.answer(.notFound) },
        Row(from: .waiting, what: "not found twice", to: .finished, status: .failed, code: .exportNotFound) { bench in
            bench.answer(.notFound)
            bench.wait(60)
            bench.answer(.notFound)
        },
        Row(from: .waiting, what: "refused", to: .finished, status: .failed, code: .apiRejected) { bench in
            bench.answer(.failed(.refused(message: "403")))
        },
        Row(from: .waiting, what: "file location not allowed", to: .finished, status: .failed, code: .downloadFailed) {
            bench in
            bench.answer(.failed(.refusedLocation(message: "not from that host")))
        },
        Row(from: .waiting, what: "cancelled", to: .finished, status: .cancelled) { $0.enqueue(cancel("job")) },
        Row(from: .waiting, what: "deadline passed", to: .finished, status: .failed, code: .deadlineExceeded) { bench in
            bench.wait(20_000)
            bench.answer(.polled(.processing, url: nil, expiresAt: nil))
        },
        Row(from: .ready, what: "stored", to: .finished, status: .completed) { $0.answer(.stored(storedFile)) },
        Row(from: .ready, what: "transient failure", to: .ready) { $0.answer(.failed(.transient(message: "reset"))) },
        Row(from: .ready, what: "URL expired", to: .ready) { $0.answer(.urlExpired) },
        Row(from: .ready, what: "Failed after all", to: .submitting) { bench in
            bench.answer(.urlExpired)
            bench.answer(.polled(.failed, url: nil, expiresAt: nil))
        },
        Row(from: .ready, what: "not storable", to: .finished, status: .failed, code: .downloadFailed) { bench in
            bench.answer(.failed(.refused(message: "no space")))
        },
        Row(from: .ready, what: "unusable file", to: .ready) { bench in
            bench.answer(.failed(.unusableFile(message: "a page")))
        },
        Row(from: .ready, what: "too many unusable files", to: .finished, status: .failed, code: .downloadFailed) {
            bench in
            for _ in 0..<CoreConfiguration().maxUnusableFiles {
                bench.answer(.failed(.unusableFile(message: "a page")))
                bench.wait(60)
            }
        },
        Row(from: .ready, what: "cancelled", to: .finished, status: .cancelled) { $0.enqueue(cancel("job")) },
        Row(from: .ready, what: "deadline passed", to: .finished, status: .failed, code: .downloadFailed) { bench in
            bench.wait(20_000)
        },
    ]

    @Test(arguments: early + late)
    func transition(row: Row) {
        var bench = Bench {
            $0.storesFiles = row.storesFiles
            $0.jobTimeout = .seconds(10_000)
        }
        reach(row.from, &bench)
        #expect(bench.phase("job") == row.from)
        let before = bench.events.count
        row.happens(&bench)
        bench.commitAll()
        #expect(bench.phase("job") == row.to)
        #expect(bench.status("job") == row.status)
        #expect(bench.code("job") == row.code)
        #expect(bench.events.count - before == (row.to == .finished ? 1 : 0))
        #expect(bench.events.last?.status == row.status)
    }

    /// The document and the tests list the same transitions.
    @Test func documentedTransitionsAreThoseTested() throws {
        var rows = Set(
            (Self.early + Self.late).map { row in
                let end = [row.status.map { "\($0)" }, row.code.map { "\($0)" }].compactMap { $0 }
                return [row.from.map { "\($0)" } ?? "new", row.what, "\(row.to)", end.joined(separator: ", ")]
            }
        )
        rows.insert(["finished", "deduplication window over", "forgotten", ""])
        let documented = Set(try documentedTransitions())
        #expect(documented.subtracting(rows).isEmpty, "documented and not tested")
        #expect(rows.subtracting(documented).isEmpty, "tested and not documented")
    }

    private func reach(_ phase: JobPhase?, _ bench: inout Bench) {
        guard let phase else { return }
        bench.enqueue(
            export("job") {
                if phase == .accepted { $0.notBefore = .at(50) }
            }
        )
        bench.commitAll()
        guard phase > .submitting else { return }
        bench.answer(.created(requestID: "request-1"))
        bench.commitAll()
        bench.wait(30)
        guard phase > .waiting else { return }
        bench.answer(ready)
        bench.commitAll()
    }

    @Test func eventOfFileThatCannotBeStoredCarriesServiceURL() {
        for expired in [false, true] {
            var bench = Bench {
                $0.storesFiles = true
                $0.jobTimeout = .seconds(10_000)
            }
            reach(.waiting, &bench)
            let url = "https://blobs.example/request-1.csv?sv=1&se=2026-11-25T07%3A50%3A29Z&sig=secret"
            bench.answer(.polled(.completed, url: url, expiresAt: nil))
            bench.commitAll()
            if expired {
                bench.wait(20_000)
            } else {
                bench.answer(.failed(.refused(message: "the file is gone")))
            }
            bench.commitAll()
            let file = bench.events.last?.files.first
            #expect(bench.events.last?.error?.code == .downloadFailed)
            #expect(file?.location == url)
            #expect(file?.stored == false)
            #expect(file?.fileName == "request-1.csv")
            #expect(file?.expiresAt == Instant(milliseconds: 1_795_593_029_000))
        }
    }

    @Test func refusedLocationIsNotPublished() {
        for isKnown in [false, true] {
            var bench = Bench { $0.storesFiles = true }
            reach(isKnown ? .ready : .waiting, &bench)
            bench.answer(.failed(.refusedLocation(message: "not from that host")))
            bench.commitAll()
            #expect(bench.events.last?.error == JobError(code: .downloadFailed, message: "not from that host"))
            #expect(bench.events.last?.files.isEmpty == true)
        }
    }

    @Test func exportIsDeletedOnlyAfterItsEventIsCommitted() {
        var bench = Bench {
            $0.storesFiles = true
            $0.deletesAfterDownload = true
        }
        reach(.ready, &bench)
        bench.answer(.stored(storedFile))
        #expect(bench.calls.last?.token.kind == .download)
        guard let batch = bench.batches.last else {
            Issue.record("the end is not in a batch")
            return
        }
        #expect(batch.records.contains { if case .event = $0 { true } else { false } })
        // A failed commit must not start the deletion.
        bench.handle(.commitFailed(batch: batch.id))
        bench.wait(1)
        #expect(bench.calls.last?.token.kind == .download)
        bench.handle(.committed(batch: batch.id))
        #expect(bench.calls.last?.token.kind == .delete)
        bench.answer(.deleted)
        bench.commitAll()
        #expect(bench.calls.count { $0.token.kind == .delete } == 1)
    }

    @Test(
        arguments: [
            ("https://x/a?se=2026-11-25T07%3A50%3A29Z&sig=s", 1_795_593_029_000),
            ("https://x/a?sv=1&se=2026-11-25T07:50:29.1234567Z", 1_795_593_029_000),
            ("https://x/a?se=2026-11-25T07:50Z", 1_795_593_000_000), ("https://x/a?se=2026-11-25", 1_795_564_800_000),
            ("https://x/a?se=2024-02-29", 1_709_164_800_000), ("https://x/a?se=1970-01-01", 0),
            ("https://x/a?se=soon", nil), ("https://x/a", nil), ("https://x/a?sse=2026-11-25", nil),
            ("https://x/a?se=", nil),
            ("https://x/a?se=2026-13-25", nil), ("https://x/a?se=99999999999999-01-01", nil),
        ] as [(String, Int64?)]
    )
    func expiryIsParsedFromURL(url: String, milliseconds: Int64?) {
        #expect(Instant(expiryOfSASURL: url)?.milliseconds == milliseconds)
    }

    @Test func finishedJobIsForgottenAfterDeduplicationWindow() {
        var bench = Bench { $0.deduplicationWindow = .seconds(100) }
        bench.enqueue(export("job") { $0.deadline = .at(0) })
        bench.commitAll()
        bench.wait(99)
        #expect(bench.phase("job") == .finished)
        bench.wait(2)
        bench.commitAll()
        #expect(bench.phase("job") == nil)
        let last = bench.batches.last?.records ?? []
        #expect(last.contains { if case .state(_, .forgotten("job")) = $0 { true } else { false } })
        // The job's record held the position, so another record must hold it now.
        #expect(
            last.contains { if case .state(_, .position(let position)) = $0 { position.offset == 1 } else { false } }
        )
    }
}

extension JobPhase {
    fileprivate static func > (left: JobPhase, right: JobPhase) -> Bool { left.rawValue > right.rawValue }
}

/// The rows of the table of `Life-of-a-job.md`: from, what happens, to, event.
private func documentedTransitions() throws -> [[String]] {
    let document = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Sources/ExportCore/ExportCore.docc/Life-of-a-job.md")
    return try String(contentsOf: document, encoding: .utf8).split(separator: "\n").filter { $0.hasPrefix("| ") }
        .dropFirst(2)
        .map { line in
            line.dropFirst().dropLast().split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }
}
