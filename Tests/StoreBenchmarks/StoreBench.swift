import FileStores
import Foundation
import NIOCore
import Primitives
import StoreStandIns

/// Measures the file stores in a separate process. `stores.py` runs it.
///
///     bench-stores serve            stand-ins of S3 and Azure; prints their ports, ends with standard input
///     bench-stores put LOCATION ENDPOINT MEBIBYTES    puts a file; prints seconds, CPU seconds and peak memory
@main
struct StoreBench {
    static func main() async throws {
        let words = Array(CommandLine.arguments.dropFirst())
        switch words.first {
        case "serve": try await serve()
        case "put" where words.count == 4: try await put(words[1], endpoint: words[2], mebibytes: Int(words[3]) ?? 1)
        default:
            FileHandle.standardError.write(Data("bench-stores: see StoreBench.swift for how it is called\n".utf8))
            exit(64)
        }
    }

    private static func serve() async throws {
        let (s3, azure) = (S3Sink(), AzureStandIn(keepsContent: false))
        let s3Server = try await StandInServer { s3.reply(to: $0) }
        let azureServer = try await StandInServer { azure.reply(to: $0) }
        // Not `print`, which buffers its output when standard output is not a terminal.
        let line = #"{"s3":"\#(s3Server.url)","azure":"\#(azureServer.url)"}"# + "\n"
        FileHandle.standardOutput.write(Data(line.utf8))
        while readLine() != nil {}
        await s3Server.stop()
        await azureServer.stop()
    }

    private static func put(_ location: String, endpoint: String, mebibytes: Int) async throws {
        var s3 = S3Configuration()
        s3.endpoint = endpoint
        s3.environment = ["AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"]
        var azure = AzureBlobConfiguration()
        azure.endpoint = endpoint
        azure.sasToken = Secret(AzureStandIn.signature)
        guard let store = try FileStoreFactory.make(location: location, s3: s3, azure: azure),
            let key = FileKey(parts: ["bench.csv"])
        else { throw CancellationError() }
        // The size of the HTTP client's chunks.
        var chunk = ByteBuffer(repeating: UInt8(ascii: "x"), count: 64 * 1_024)
        let began = ContinuousClock.now
        let upload = try await store.begin(key, metadata: FileMetadata(expected: .csv))
        for number in 0..<(mebibytes * 16) {
            chunk.setInteger(UInt8(truncatingIfNeeded: number), at: number % (64 * 1_024))
            try await upload.write(chunk)
        }
        let stored = try await upload.finish(ContentDigests(sha256: String(repeating: "0", count: 64)))
        let seconds = (ContinuousClock.now - began) / .seconds(1)
        await store.close()
        var usage = rusage()
        #if canImport(Darwin)
            getrusage(RUSAGE_SELF, &usage)
        #else
            getrusage(numericCast(RUSAGE_SELF.rawValue), &usage)
        #endif
        let cpu = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        print(
            #"{"seconds":\#(seconds),"cpuSeconds":\#(cpu),"peakBytes":\#(usage.ru_maxrss * 1_024),"size":\#(stored.sizeBytes)}"#
        )
    }
}
