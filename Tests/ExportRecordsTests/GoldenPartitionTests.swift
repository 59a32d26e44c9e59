import ExportCore
import ExportRecords
import Foundation
import Testing

/// State partitions as workers have written them. `AdoptionTests` continues their jobs.
@Suite struct GoldenPartitionTests {
    private struct Partition: Decodable {
        struct Record: Decodable {
            var key: String
            var value: Data?
        }

        var state: [Record]
    }

    @Test func goldenPartitionsAreThere() {
        #expect(Set(samples("partitions").keys).isSuperset(of: ["v1", "v2"]))
    }

    @Test(arguments: samples("partitions").keys.sorted()) func recordsAreReadAndWrittenUnchanged(name: String) throws {
        let url = try #require(samples("partitions")[name])
        let partition = try JSONDecoder().decode(Partition.self, from: Data(contentsOf: url))
        let codec = StateCodec()
        for (offset, record) in partition.state.enumerated() {
            let (key, value) = (Array(record.key.utf8), record.value.map { Array($0) })
            let written = codec.encode(try codec.decode(key: key, value: value))
            #expect(written.key == key, "offset \(offset)")
            #expect(written.value == value, "offset \(offset)")
        }
    }
}
