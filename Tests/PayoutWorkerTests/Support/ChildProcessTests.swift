import ChildProcesses
import Foundation
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    @Test func inputReachesTheProgramAndItsOutputAndErrorsAreReturned() throws {
        let script = "cat; echo problem >&2; echo \"$PLACE\"; pwd; exit 3"
        let run = try FinishedProcess(
            "/bin/sh",
            ["-c", script],
            environment: ["PLACE": "here"],
            directory: "/",
            input: Data("text\n".utf8)
        )
        #expect(run.status == 3)
        #expect(run.text == "text\nhere\n/\n")
        #expect(String(decoding: run.errors, as: UTF8.self) == "problem\n")
    }

    @Test func missingProgramIsReported() {
        #expect(throws: ChildProcess.StartError.self) { try ChildProcess("/nonexistent/program") }
    }

    @Test func signalEndsTheProgramAndIsItsStatus() throws {
        let process = try ChildProcess("/bin/sleep", ["1000"])
        #expect(process.isRunning)
        process.signal(SIGTERM)
        #expect(process.waitForEnd() == SIGTERM)
        #expect(!process.isRunning)
        // The number may belong to another process now.
        process.signal(SIGKILL)
    }

    #if os(Linux)
        @Test func programInheritsOnlyTheStandardDescriptors() throws {
            // Not closed on exec, as those of many C libraries.
            let opened = (0..<50).map { _ in dup(0) }.filter { $0 >= 0 }
            defer { for descriptor in opened { close(descriptor) } }
            let run = try FinishedProcess("/bin/ls", ["/proc/self/fd"])
            // The fourth is the folder that is listed.
            #expect(run.text.split(separator: "\n") == ["0", "1", "2", "3"])
        }
    #endif
}
