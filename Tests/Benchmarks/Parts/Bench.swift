import EmbeddedKafka
import Foundation

/// Measures parts of the worker in a separate process. `bench.py` runs it, and the whole worker for comparison.
///
///     bench broker [PARTITIONS]                   an embedded broker; prints its address, ends with standard input
///     bench consume ADDRESS TOPIC RECORDS ROUNDS  KafkaClient's batches, and a loop over librdkafka's own
///     bench restore LAYOUT JOBS [SIZE]            LAYOUT is engine, finished or dictionary; SIZE of the jobs' batches
///     bench engine JOBS PARTITIONS ACCOUNTS       the decisions of so many jobs, without bytes and I/O
///     bench codec PART JOBS                       PART is jobs, state, events, restore or log
///     bench content MEGABYTES ROUNDS              reading a table's content while it streams by, and a plain copy
///     bench requests URL JOBS CONNECTIONS         the bare HTTP requests of so many jobs, against a sandbox
///     bench client URL JOBS CONNECTIONS           the same through the API client
///     bench records ADDRESS PREFIX JOBS           the bare Kafka records of so many jobs, in transactions
///     bench fill ADDRESS JOBSTOPIC STATETOPIC JOBS PARTITIONS   state as a worker leaves it that waits for so many jobs
///     bench flood URL CLIENTS SECONDS JOBS        clients of a worker's console; JOBS of `fill`
///     bench delete-topics ADDRESS PREFIX          cleans up on a broker that stays
///     bench versions
///
/// Each prints one JSON object.
@main
struct Bench {
    static func main() async throws {
        let words = CommandLine.arguments.dropFirst()
        let numbers = words.compactMap { Int($0) }
        let texts = words.dropFirst().filter { Int($0) == nil }
        switch (words.first, numbers, texts) {
        case ("broker", _, _): try serveBroker(partitions: numbers.first ?? 6)
        case ("consume", let numbers, let texts) where numbers.count == 2 && texts.count == 2:
            let consumption = Consumption(address: texts[0], topic: texts[1], records: numbers[0])
            printJSON(try await consumption.measure(rounds: numbers[1]))
        case ("restore", let numbers, ["engine"]) where 1...2 ~= numbers.count:
            printJSON(try Restore(jobs: numbers[0], batchSize: numbers.dropFirst().first).intoEngine())
        case ("restore", let numbers, ["finished"]) where numbers.count == 1:
            printJSON(try Restore(jobs: numbers[0], areFinished: true).intoEngine())
        case ("restore", let numbers, ["dictionary"]) where numbers.count == 1:
            printJSON(try Restore(jobs: numbers[0]).intoDictionary())
        case ("engine", let numbers, _) where numbers.count == 3:
            printJSON(EngineCost(jobs: numbers[0], partitions: numbers[1], accounts: numbers[2]).measure())
        case ("codec", let numbers, let texts) where numbers.count == 1 && texts.count == 1:
            guard let part = CodecCost.Part(rawValue: texts[0]) else { usage() }
            printJSON(try CodecCost(part: part, jobs: numbers[0]).measure())
        case ("content", let numbers, _) where numbers.count == 2:
            printJSON(try ContentCost(megabytes: numbers[0], rounds: numbers[1]).measure())
        case ("requests", let numbers, let texts) where numbers.count == 2 && texts.count == 1:
            printJSON(try await Requests(url: texts[0], jobs: numbers[0], connections: numbers[1]).measure())
        case ("records", let numbers, let texts) where numbers.count == 1 && texts.count == 2:
            printJSON(try BareRecords(address: texts[0], prefix: texts[1], jobs: numbers[0]).measure())
        case ("fill", let numbers, let texts) where numbers.count == 2 && texts.count == 3:
            let fill = StateFill(
                address: texts[0],
                jobsTopic: texts[1],
                stateTopic: texts[2],
                jobs: numbers[0],
                partitions: numbers[1]
            )
            printJSON(try await fill.fill())
        case ("client", let numbers, let texts) where numbers.count == 2 && texts.count == 1:
            printJSON(try await ClientCalls(url: texts[0], jobs: numbers[0], connections: numbers[1]).measure())
        case ("flood", let numbers, let texts) where numbers.count == 3 && texts.count == 1:
            let flood = Flood(url: texts[0], clients: numbers[0], seconds: numbers[1], jobs: numbers[2])
            printJSON(try await flood.measure())
        case ("delete-topics", _, let texts) where texts.count == 2:
            try await Consumption(address: texts[0], topic: "", records: 0).deleteTopics(prefix: texts[1])
        case ("versions", _, _): printJSON(["librdkafka": Consumption.libraryVersion])
        default: usage()
        }
    }

    private static func usage() -> Never {
        FileHandle.standardError.write(Data("bench: see Bench.swift for how it is called\n".utf8))
        exit(64)
    }

    private static func serveBroker(partitions: Int) throws {
        let kafka = try EmbeddedKafka()
        try kafka.createTopic("bench", partitions: partitions)
        // Not `print`, which buffers its output when standard output is not a terminal.
        FileHandle.standardOutput.write(Data((kafka.bootstrapServers + "\n").utf8))
        while readLine() != nil {}
        kafka.close()
    }
}

/// Prints a result as one line for the script that reads it.
func printJSON(_ value: some Encodable) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    guard let data = try? encoder.encode(value) else { exit(1) }
    print(String(decoding: data, as: UTF8.self))
}
