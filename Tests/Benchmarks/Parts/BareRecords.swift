import CRDKafka
import ExportCore
import ExportRecords
import Foundation

/// Only the records of a number of jobs, with plain librdkafka. It consumes them from one topic and produces three state
/// records and one event for each job, in transactions with the offsets. The worker's own cost is what it adds to this and
/// to the bare HTTP requests.
struct BareRecords {
    var address: String
    /// Four topics are made of this name, or exist: `-jobs`, `-results`, `-state`.
    var prefix: String
    var jobs: Int

    struct Result: Encodable {
        var records: Int
        var transactions: Int
        var seconds: Double
        var cpuSeconds: Double
    }

    private struct Failed: Error, CustomStringConvertible {
        var description: String
    }

    /// The worker's batch size.
    private static let gatherMilliseconds: Int32 = 50
    private static let timeout: Int32 = 30_000

    func measure() throws -> Result {
        try produceJobs()
        let consumer = try client(
            RD_KAFKA_CONSUMER,
            [
                "group.id": "bare-\(UUID().uuidString)", "auto.offset.reset": "earliest",
                "enable.auto.commit": "false", "enable.auto.offset.store": "false",
            ]
        )
        defer {
            rd_kafka_consumer_close(consumer)
            rd_kafka_destroy(consumer)
        }
        rd_kafka_poll_set_consumer(consumer)
        let topics = rd_kafka_topic_partition_list_new(1)
        defer { rd_kafka_topic_partition_list_destroy(topics) }
        rd_kafka_topic_partition_list_add(topics, prefix + "-jobs", -1)
        try check(rd_kafka_subscribe(consumer, topics), "subscribe")
        let producer = try client(
            RD_KAFKA_PRODUCER,
            ["transactional.id": "bare-\(UUID().uuidString)", "linger.ms": "0", "retry.backoff.ms": "5"]
        )
        defer { rd_kafka_destroy(producer) }
        try check(rd_kafka_init_transactions(producer, Self.timeout), "initialize transactions")
        return try transact(consumer, producer)
    }

    private func transact(_ consumer: OpaquePointer, _ producer: OpaquePointer) throws -> Result {
        let (state, event) = Self.samples()
        var result = Result(records: 0, transactions: 0, seconds: 0, cpuSeconds: 0)
        var begin: ContinuousClock.Instant?
        var cpu = 0.0
        var done = 0
        while done < jobs {
            guard let first = rd_kafka_consumer_poll(consumer, 1_000) else { continue }
            if begin == nil { (begin, cpu) = (.now, Measure.cpuSeconds) }
            var messages = [first]
            let end = ContinuousClock.now + .milliseconds(Int64(Self.gatherMilliseconds))
            while ContinuousClock.now < end {
                if let next = rd_kafka_consumer_poll(consumer, Self.gatherMilliseconds / 10) { messages.append(next) }
            }
            try check(rd_kafka_begin_transaction(producer), "begin")
            let offsets = rd_kafka_topic_partition_list_new(8)
            defer { rd_kafka_topic_partition_list_destroy(offsets) }
            for message in messages {
                defer { rd_kafka_message_destroy(message) }
                guard message.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR else { continue }
                note(message, in: offsets)
                let key = UnsafeRawBufferPointer(start: message.pointee.key, count: message.pointee.key_len)
                let partition = message.pointee.partition
                for _ in 0..<3 { try produce(producer, "-state", partition, key, state) }
                try produce(producer, "-results", -1, key, event)
                done += 1
                result.records += 5
            }
            let metadata = rd_kafka_consumer_group_metadata(consumer)
            defer { rd_kafka_consumer_group_metadata_destroy(metadata) }
            try check(rd_kafka_send_offsets_to_transaction(producer, offsets, metadata, Self.timeout), "send offsets")
            try check(rd_kafka_commit_transaction(producer, Self.timeout), "commit")
            result.transactions += 1
        }
        result.seconds = (ContinuousClock.now - (begin ?? .now)).inSeconds
        result.cpuSeconds = Measure.cpuSeconds - cpu
        return result
    }

    private func note(
        _ message: UnsafeMutablePointer<rd_kafka_message_t>,
        in list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
    ) {
        let (topic, partition) = (prefix + "-jobs", message.pointee.partition)
        let known = rd_kafka_topic_partition_list_find(list, topic, partition)
        let entry = known ?? rd_kafka_topic_partition_list_add(list, topic, partition)
        entry?.pointee.offset = message.pointee.offset + 1
    }

    // MARK: Records

    private func produceJobs() throws {
        let producer = try client(RD_KAFKA_PRODUCER, ["linger.ms": "20"])
        defer { rd_kafka_destroy(producer) }
        for number in 0..<jobs {
            let id = "bench-\(number)"
            let value = Array(#"{"jobId":"\#(id)","kind":"payments","fileFormat":"csv"}"#.utf8)
            try Array(id.utf8).withUnsafeBytes { try produce(producer, "-jobs", -1, $0, (value, [])) }
        }
        try check(rd_kafka_flush(producer, Self.timeout), "flush")
    }

    private typealias Sample = (value: [UInt8], headers: [(String, [UInt8])])

    /// Bytes as the worker writes them.
    private static func samples() -> (state: Sample, event: Sample) {
        let state = StateCodec().encode(.job(Restore.job(1)))
        let event = CompletionEvent(CodecCost.finished, partition: 0).map {
            EventEncoder(groupID: "bench", jobsTopic: "jobs").encode($0)
        }
        return (
            (state.value ?? [], []),
            (event?.value ?? [], event?.headers.map { ($0.name, $0.value ?? []) } ?? [])
        )
    }

    private func produce(
        _ producer: OpaquePointer,
        _ suffix: String,
        _ partition: Int32,
        _ key: UnsafeRawBufferPointer,
        _ sample: Sample
    ) throws {
        let headers = rd_kafka_headers_new(sample.headers.count)
        for (name, value) in sample.headers { rd_kafka_header_add(headers, name, -1, value, value.count) }
        let topic = prefix + suffix
        var arguments = [rd_kafka_vu_t](repeating: rd_kafka_vu_t(), count: 6)
        let error = topic.withCString { name in
            arguments[0].vtype = RD_KAFKA_VTYPE_TOPIC
            arguments[0].u.cstr = name
            arguments[1].vtype = RD_KAFKA_VTYPE_PARTITION
            arguments[1].u.i32 = partition
            arguments[2].vtype = RD_KAFKA_VTYPE_MSGFLAGS
            arguments[2].u.i = RD_KAFKA_MSG_F_COPY
            arguments[3].vtype = RD_KAFKA_VTYPE_KEY
            arguments[3].u.mem = .init(ptr: UnsafeMutableRawPointer(mutating: key.baseAddress), size: key.count)
            arguments[4].vtype = RD_KAFKA_VTYPE_HEADERS
            arguments[4].u.headers = headers
            return sample.value.withUnsafeBytes { value in
                arguments[5].vtype = RD_KAFKA_VTYPE_VALUE
                arguments[5].u.mem = .init(ptr: UnsafeMutableRawPointer(mutating: value.baseAddress), size: value.count)
                return rd_kafka_produceva(producer, arguments, arguments.count)
            }
        }
        if error != nil { rd_kafka_headers_destroy(headers) }
        try check(error, "produce")
        rd_kafka_poll(producer, 0)
    }

    // MARK: The client

    private func client(_ type: rd_kafka_type_t, _ properties: [String: String]) throws -> OpaquePointer {
        let configuration = rd_kafka_conf_new()
        for (name, value) in properties.merging(["bootstrap.servers": address], uniquingKeysWith: { $1 }) {
            rd_kafka_conf_set(configuration, name, value, nil, 0)
        }
        guard let client = rd_kafka_new(type, configuration, nil, 0) else {
            throw Failed(description: "librdkafka took no configuration")
        }
        return client
    }

    private func check(_ code: rd_kafka_resp_err_t, _ what: String) throws {
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
        throw Failed(description: "\(what): \(String(cString: rd_kafka_err2str(code)))")
    }

    private func check(_ error: OpaquePointer?, _ what: String) throws {
        guard let error else { return }
        defer { rd_kafka_error_destroy(error) }
        throw Failed(description: "\(what): \(String(cString: rd_kafka_error_string(error)))")
    }
}
