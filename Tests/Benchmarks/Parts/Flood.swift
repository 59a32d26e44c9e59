import AsyncHTTPClient
import ExportCore
import Foundation
import NIOCore
import NIOHTTP1

/// Clients of a worker's console that ask as fast as they are answered, each over a connection of its own that stays open.
struct Flood {
    var url: String
    var clients: Int
    var seconds: Int
    /// The jobs of `Restore.job` that the worker knows.
    var jobs: Int

    struct Answers: Encodable {
        /// Refusals are quick, so that their times would hide those of answers.
        var byStatus: [String: Times] = [:]
        /// Requests without an answer.
        var failures = 0
    }

    /// Times in seconds.
    struct Times: Encodable {
        var count: Int
        var p50: Double
        var p99: Double
        var longest: Double

        init(_ times: [Double]) {
            let times = times.sorted()
            count = times.count
            p50 = times[count / 2]
            p99 = times[min(count - 1, count * 99 / 100)]
            longest = times[count - 1]
        }
    }

    struct Result: Encodable {
        var seconds: Double
        var answers: [String: Answers]
    }

    private struct Answer {
        var path: Path
        /// `nil` for a request without an answer.
        var status: UInt?
        var seconds: Double
    }

    /// What is asked for.
    private enum Path: String, CaseIterable {
        case page, metrics, fleet, list, nextPage, search, failedJobs, oneJob, job
    }

    private static let limit: TimeAmount = .seconds(30)

    func measure() async throws -> Result {
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = clients
        let client = HTTPClient(configuration: configuration)
        let begin = ContinuousClock.now
        let end = begin + .seconds(seconds)
        let answers = await withTaskGroup(of: [Answer].self) { group in
            for number in 0..<clients { group.addTask { await ask(client, number, until: end) } }
            return await group.reduce(into: []) { $0 += $1 }
        }
        let took = (ContinuousClock.now - begin).inSeconds
        try await client.shutdown()
        return Result(
            seconds: took,
            answers: Dictionary(grouping: answers, by: \.path.rawValue).mapValues(Self.sum)
        )
    }

    /// One client, which begins with another path than its neighbours.
    private func ask(_ client: HTTPClient, _ number: Int, until end: ContinuousClock.Instant) async -> [Answer] {
        var (answers, turn, next) = ([Answer](), number, "")
        while ContinuousClock.now < end {
            let path = Path.allCases[turn % Path.allCases.count]
            turn += 1
            let begin = ContinuousClock.now
            var request = HTTPClientRequest(url: url + address(of: path, turn &* 7_919, next))
            request.headers.add(name: "Accept", value: "*/*")
            var answer = Answer(path: path, status: nil, seconds: 0)
            if let response = try? await client.execute(request, timeout: Self.limit),
                let body = try? await response.body.collect(upTo: 64 << 20)
            {
                answer.status = response.status.code
                if path == .list || path == .nextPage, response.status == .ok { next = Self.cursor(in: body) }
            }
            answer.seconds = (ContinuousClock.now - begin).inSeconds
            answers.append(answer)
        }
        return answers
    }

    private func address(of path: Path, _ number: Int, _ next: String) -> String {
        switch path {
        case .page: "/"
        case .metrics: "/metrics"
        case .fleet: "/api/fleet"
        case .list: "/api/jobs?state=open&limit=200"
        case .nextPage: "/api/jobs?state=open&limit=200" + (next.isEmpty ? "" : "&cursor=\(next)")
        case .search: "/api/jobs?text=no-such-text"
        case .failedJobs: "/api/jobs?state=failed,rejected&account=default"
        case .oneJob: "/api/jobs?limit=1"
        case .job: "/api/jobs/\(Restore.job(number % jobs).job.id)"
        }
    }

    /// The cursor of the following page, found without a JSON decoder, because decoding would take the clients' time.
    private static func cursor(in body: ByteBuffer) -> String {
        let text = String(buffer: body)
        guard let key = text.range(of: "\"next\":\"", options: .backwards) else { return "" }
        return String(text[key.upperBound...].prefix { $0 != "\"" })
    }

    private static func sum(_ answers: [Answer]) -> Answers {
        Answers(
            byStatus: Dictionary(grouping: answers.filter { $0.status != nil }) { String($0.status ?? 0) }
                .mapValues { Times($0.map(\.seconds)) },
            failures: answers.count { $0.status == nil }
        )
    }
}
