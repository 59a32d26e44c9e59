import Testing

@testable import ExportCore

@Suite struct CodecTests {
    static let strings: [String?] = [
        nil, "", "a", "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55", "3F2C9A64-0C1E-4B53-9F6D-0A4D8C1B7E55",
        "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e5g", "3f2c9a64x0c1e-4b53-9f6d-0a4d8c1b7e55", "Umlaute äöü und 🙂",
        String(repeating: "long ", count: 2_000),
    ]

    @Test(arguments: strings)
    func stringsRoundTrip(string: String?) {
        var writer = PackedWriter()
        writer.write(string)
        writer.write(byte: 7)
        writer.bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            #expect(reader.string() == string)
            #expect(reader.byte() == 7)
        }
    }

    @Test func uuidIsEncodedInSeventeenBytes() {
        var writer = PackedWriter()
        writer.write("3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55")
        #expect(writer.bytes.count == 17)
    }

    @Test func onlyTextsThatAreUUIDsAreEncodedAsUUIDs() {
        let uuid = Array("3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55".utf8)
        let hyphens: Set = [8, 13, 18, 23]
        for position in uuid.indices {
            for byte in UInt8.min...0x7f {
                var text = uuid
                text[position] = byte
                let isUUID =
                    hyphens.contains(position) ? byte == UInt8(ascii: "-") : "0123456789abcdef".utf8.contains(byte)
                expect(String(decoding: text, as: UTF8.self), isUUID: isUUID)
            }
        }
        for position in uuid.indices.dropLast() {
            var text = uuid
            text.replaceSubrange(position...position + 1, with: "ä".utf8)
            expect(String(decoding: text, as: UTF8.self), isUUID: false)
        }
    }

    private func expect(_ string: String, isUUID: Bool) {
        var writer = PackedWriter()
        writer.write(string)
        #expect((writer.bytes.count == 17) == isUUID, "\(string.debugDescription)")
        writer.bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            #expect(reader.string() == string)
        }
    }

    @Test(arguments: [0, 1, -1, 63, 64, -64, -65, 127, 128, 1_750_000_000_000, .max, .min] as [Int64])
    func integersRoundTrip(integer: Int64) {
        var writer = PackedWriter()
        writer.write(integer: integer)
        writer.write(Instant(milliseconds: integer))
        writer.write(nil as Instant?)
        writer.bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            #expect(reader.integer() == integer)
            #expect(reader.instant() == Instant(milliseconds: integer))
            #expect(reader.instant() == nil)
        }
    }

    @Test(arguments: strings)
    func jobsRoundTrip(string: String?) {
        var job = ExportJob(id: string ?? "id", kind: .transactionHistory, filter: string, fileFormat: .tsv)
        job.account = string ?? "default"
        job.notBefore = string == nil ? nil : Instant(milliseconds: 1)
        job.deadline = string == nil ? Instant(milliseconds: .max) : nil
        job.maxAttempts = 17
        job.adoptedRequestID = string
        job.metadataJSON = string
        job.trace = string.map { TraceContext(parent: $0, state: $0.isEmpty ? nil : $0) }
        let decoded = JobSpecCodec.encode(job).withUnsafeBytes { JobSpecCodec.decode($0) }
        #expect(decoded == job)
    }

    @Test(arguments: ["default", "emea", "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55"])
    func accountIsFoundInEncodedJob(account: String) {
        let job = ExportJob(id: "emea", kind: .payments, filter: "default", account: account)
        JobSpecCodec.encode(job).withUnsafeBytes { bytes in
            for name in ["default", "emea", "3f2c9a64-0c1e-4b53-9f6d-0a4d8c1b7e55", "", "e"] {
                #expect(JobSpecCodec.isOf(account: name, bytes) == (name == account))
            }
        }
    }

    @Test func encodedJobStartsWithKeyOfItsIDOnly() {
        let spec = JobSpecCodec.encode(ExportJob(id: "job-1", kind: .payments))
        spec.withUnsafeBytes { bytes in
            #expect(JobSpecCodec.starts(bytes, with: JobSpecCodec.key("job-1")))
            #expect(!JobSpecCodec.starts(bytes, with: JobSpecCodec.key("job-")))
            #expect(!JobSpecCodec.starts(bytes, with: JobSpecCodec.key("job-10")))
        }
    }

    @Test func detailsRoundTrip() {
        var details = JobDetails()
        details.requestID = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"
        details.blobURL = url
        let field = FieldError(field: "kind", message: "is missing")
        details.error = JobError(code: .unknownJob, message: "what to do", details: [field, field])
        details.files = [
            ExportFile(
                location: "s3://bucket/file.zip",
                stored: true,
                fileName: "file.zip",
                mediaType: "application/zip",
                sizeBytes: 0,
                sha256: "9f86",
                expiresAt: .at(1),
                entries: [ArchiveEntry(name: "a.csv", sizeBytes: 5)]
            ),
            ExportFile(location: "", stored: false, fileName: ""),
            ExportFile(
                location: "file:///a.csv",
                stored: true,
                fileName: "a.csv",
                content: FileContent(
                    rows: 0,
                    columns: ["a", ""],
                    headerSHA256: "9f86",
                    delimiter: "\t",
                    encoding: "utf-16le",
                    hasByteOrderMark: true
                )
            ),
            ExportFile(
                location: "file:///b.csv",
                stored: true,
                fileName: "b.csv",
                content: FileContent(rows: nil, delimiter: ",")
            ),
        ]
        var columns = SharedColumns()
        let encoded = details.encode(&columns)
        #expect(encoded.sharesColumns)
        let decoded = encoded.bytes.withUnsafeBytes { JobDetails($0, columns) }
        #expect(decoded.requestID == details.requestID)
        #expect(decoded.blobURL == details.blobURL)
        #expect(decoded.error == details.error)
        #expect(decoded.files == details.files)
    }

    private static let digest = String(repeating: "09af", count: 16)
    private static let requestID = "93c2b3cf-c6d8-4e7e-ade1-007768a6eba4"

    @Test(arguments: [
        digest, digest.uppercased(), String(digest.dropLast()), digest + "0", String(digest.dropLast()) + "g", "",
    ])
    func digestsRoundTrip(text: String) {
        var writer = PackedWriter()
        writer.write(text)
        writer.write("next")
        #expect(writer.bytes.count == (text == Self.digest ? 33 : text.utf8.count + (text.utf8.count < 64 ? 2 : 3)) + 6)
        writer.bytes.withUnsafeBytes { bytes in
            var reader = PackedReader(bytes)
            #expect(reader.string() == text)
            #expect(reader.string() == "next")
            var again = PackedReader(bytes)
            #expect(again.withText { String(decoding: $0, as: UTF8.self) } == text)
            #expect(again.string() == "next")
        }
    }

    @Test(
        arguments: [
            "s3://bucket/a/\(requestID).csv", "s3://bucket/\(requestID)/\(requestID).csv", "file:///a/b.csv", requestID,
            "a\(requestID)", "/", "", "file:///\(requestID.dropLast())", "file:///\u{E4}/\(requestID)\u{301}.csv",
            "93c2b3cf-",
        ],
        [requestID, nil, "r", "", "\u{E4}"] as [String?]
    )
    func locationsRoundTrip(location: String, requestID: String?) {
        let segment = location.split(separator: "/", omittingEmptySubsequences: false).last.map(String.init) ?? ""
        for name in [segment, "other.csv", ""] {
            var details = JobDetails()
            details.requestID = requestID
            details.files = [ExportFile(location: location, stored: true, fileName: name)]
            var columns = SharedColumns()
            let decoded = details.encode(&columns).bytes.withUnsafeBytes { JobDetails($0, columns) }
            #expect(decoded.files.map { Array($0.location.utf8) } == [Array(location.utf8)])
            #expect(decoded.files.map(\.fileName) == [name])
            #expect(decoded.requestID == requestID)
        }
    }

    @Test func fileOfAFinishedJobTakesFewBytes() {
        var columns = SharedColumns()
        let location = "s3://partner-exports/payouts/default/payments/2026/11/30/job-000001/\(Self.requestID).csv"
        let content = FileContent(
            rows: 1,
            columns: ["a", "b"],
            headerSHA256: Self.digest,
            delimiter: ",",
            encoding: "utf-8"
        )
        var details = JobDetails()
        details.requestID = Self.requestID
        details.files = [
            ExportFile(
                location: location,
                stored: true,
                fileName: "\(Self.requestID).csv",
                mediaType: "text/csv",
                sizeBytes: 1_000_000,
                sha256: Self.digest,
                content: content
            )
        ]
        #expect(details.encode(&columns).bytes.count < 180)
    }

    @Test func restoredJobEqualsWrittenRecord() {
        var partition = PartitionMachine(partition: 3, epoch: 1, configuration: CoreConfiguration())
        var record = JobRecord(
            job: ExportJob(id: "job", kind: .payments),
            offset: 41,
            phase: .ready,
            attempt: 2,
            requestID: "request",
            times: JobTimes(accepted: .at(0), submitted: .at(1), ready: .at(2)),
            blobURL: url
        )
        let place = partition.apply(.job(record))
        #expect(place.map { partition.record(of: $0) } == record)
        record.phase = .finished
        record.status = .completed
        record.blobURL = nil
        record.files = [storedFile]
        record.times.finished = .at(3)
        record.cleanup = .delete
        #expect(partition.apply(.job(record)).map { partition.record(of: $0) } == record)
        #expect(partition.table.count == 1)
        #expect(partition.recordedPosition.offset == 42)
        partition.apply(.forgotten(id: "job"))
        #expect(partition.table.count == 0)
        #expect(partition.activeCount == 0)
    }
}
