import ExportCore
import ExportRecords
import Foundation
import HTTPTypes
import WorkerSamples

@testable import WorkerConsole
@testable import payout_worker

extension FuzzTarget {
    /// A configuration file, whose values become variables.
    static let configuration = FuzzTarget(
        name: "configuration",
        dictionary: [
            "kafka:\n  ", "bootstrap.servers: ", "group.id: ", "worker.", "payout.api.", "accounts:\n  ",
            "files.location: ",
            "file:///x", "s3://b/p", "azblob://a/c/p", "30s", "26h", "1e309", "true", "null", "- ", "&a ", "*a",
            "<<: *a",
            "!!binary ", "? ", "{", "}", "[", "]", "|\n", "\t", "---\n", "0x10", "0640", "{jobId}", "*.example.com",
            ",",
            "http.port: ", "KAFKA_BOOTSTRAP_SERVERS: a:1\n", "\u{FEFF}", "\u{85}",
        ]
    ) { bytes in
        guard let file = try? ConfigurationFile(text: String(decoding: bytes, as: UTF8.self), path: "file") else {
            return nil
        }
        // Files that variables name are none of the input, and the Kafka client would load libraries.
        var values = file.values.filter { name, _ in
            !name.contains("FILE") && !name.contains("LOCATION") && !name.hasPrefix(Settings.clientPrefix)
        }
        // Without an id the name of this machine is looked up.
        if values["WORKER_ID"] == nil { values["WORKER_ID"] = "w" }
        do {
            let settings = try Settings(environment: values)
            let configuration = try WorkerConfiguration(settings)
            return (0...65_535).contains(configuration.httpPort) ? nil : "no port"
        } catch let error as ConfigurationError {
            return error.problems.isEmpty ? "invalid without a problem" : nil
        } catch {
            return "an error of another type: \(error)"
        }
    }

    /// A request of the console: lines with the path, the host, the cookie and the token, then the body.
    static let console = FuzzTarget(
        name: "console",
        dictionary: [
            "/api/jobs?", "/api/jobs/", "/cancel", "/retry", "/api/pause", "/api/resume", "state=", "open", "late",
            "olderThan=", "newerThan=", "26h", "limit=", "cursor=", "through=", "scope=worker", "%00", "%2F", "%", "+",
            "localhost:8080", "[::1]:8080", "127.0.0.1.", "[::ffff:127.0.0.1]", "payout_console=", "; ", "Bearer ",
            "{\"account\":", "\"kind\":\"payments\"", "\"until\":\"2027-01-01T00:00:00Z\"", "\"calls\":true",
            "\"reason\":",
        ]
    ) { bytes in
        let lines = bytes.split(separator: UInt8(ascii: "\n"), maxSplits: 4, omittingEmptySubsequences: false)
        func text(_ index: Int) -> String { index < lines.count ? String(decoding: lines[index], as: UTF8.self) : "" }
        let path = String(text(0).prefix { $0 != "?" })
        if let problem = problem(ofQuery: text(0).dropFirst(path.count + 1)) { return problem }
        if let id = ActionRequest(path)?.jobID, id.utf8.count > path.utf8.count { return "a longer id" }
        let hosts = HostRule(host: "10.0.0.1", allowed: ["*.example.com"])
        if hosts.admits(host: text(1), path: "/", address: "10.0.0.1") {
            let name = HostRule.name(text(1))
            let isOwn = name == "localhost" || name == "10.0.0.1" || name == "::1"
            let isBelow = name.hasSuffix(".example.com") || name.hasSuffix(".localhost")
            if !isOwn, !isBelow, !name.hasPrefix("127.") { return "the host \(name) is answered" }
        }
        var fields = HTTPFields()
        fields[.cookie] = text(2)
        if ConsoleSession(token: "correct-horse-battery").admits(fields, acts: false) {
            return "a forged cookie counts"
        }
        let access = AdminAccess(token: plantedSecret)
        if let token = AdminAccess.bearer(text(3)), token != plantedSecret,
            access.decide(token, from: "a") == .permitted
        {
            return "a wrong token counts"
        }
        return problem(ofBody: Data(lines.count > 4 ? Array(lines[4]) : []))
    }

    private static func problem(ofQuery text: Substring) -> String? {
        do throws(JobQuery.Problem) {
            let query = try JobQuery(text, now: Instant(milliseconds: 1_800_000_000_000))
            guard JobQuery.limits.contains(query.limit), query.from.partition >= 0 else {
                return "a wrong limit or place"
            }
            let path = query.path(from: query.from, through: query.through ?? 0, limit: query.limit)
            let again = try? JobQuery(path.dropFirst("/api/jobs?".count), now: Instant(milliseconds: 1_800_000_000_000))
            return again?.from == query.from && again?.filter == query.filter ? nil : "a query does not read back"
        } catch {
            return error.message.count > 256
                ? "a message of \(error.message.count)" : controlCharacter(in: error.message)
        }
    }

    private static func problem(ofBody body: Data) -> String? {
        do throws(ConsoleActionFailure) {
            let pause = try PauseBody.read(body).pause()
            return pause.reason?.utf8.count ?? 0 > JobLimits.reasonBytes ? "a long reason" : nil
        } catch {
            return error.message.count > 1_024
                ? "a message of \(error.message.count)" : controlCharacter(in: error.message)
        }
    }

    /// The answer of another worker's console, or of what answers in its place.
    static let members = FuzzTarget(
        name: "members",
        dictionary: [
            "\"group\":\"g\"", "\"worker\":{", "\"health\":{", "\"partitionCount\":", "\"partitions\":[", "\"jobs\":{",
            "\"lateJobs\":", "\"rates\":{", "\"totals\":{", "\"accounts\":[", "\"waiting\":{", "\"lag\":",
            "\"pauses\":[",
            "9223372036854775807", "-9223372036854775808", "2147483647", "1e308", "-1", "null",
        ]
    ) { bytes in
        let data = Data(bytes)
        guard let member = FleetClient.decoded(MemberDocument.self, data) else {
            _ = FleetClient.decoded(JobListDocument.self, data)
            _ = FleetClient.decoded(JobDocument.self, data)
            return nil
        }
        let parts = ["a", "b", "c"].map { name -> FleetSum.Part in
            (FleetMember(name: name, address: nil, partitions: [0], isThisWorker: name == "a"), .success(member))
        }
        let sum = FleetSum(own: member, parts: parts, problem: nil, texts: CodeTexts()).document(at: "now")
        guard let text = try? JSONEncoder().encode(sum) else { return "the sum cannot be encoded" }
        return text.count > 64 << 20 ? "a document of \(text.count) bytes" : nil
    }
}
