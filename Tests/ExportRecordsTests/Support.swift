import ExportCore
import ExportRecords
import Foundation

/// The folder of golden samples, found from this file.
let golden = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("schemas/golden")

/// The samples of a folder by their names.
func samples(_ folder: String, suffix: String = "json") -> [String: URL] {
    let files = try? FileManager.default.contentsOfDirectory(
        at: golden.appendingPathComponent(folder),
        includingPropertiesForKeys: nil
    )
    let matching = (files ?? []).filter { $0.pathExtension == suffix }
    return Dictionary(uniqueKeysWithValues: matching.map { ($0.deletingPathExtension().lastPathComponent, $0) })
}

/// Decodes a value with the job decoder.
func decode(
    _ text: String,
    key: String? = nil,
    headers: [(String, String)] = []
) -> JobInput {
    decode(bytes: Array(text.utf8), key: key, headers: headers)
}

func decode(bytes: [UInt8]?, key: String? = nil, headers: [(String, String)] = []) -> JobInput {
    let record = OriginalRecord(
        key: key.map { Array($0.utf8) },
        value: bytes,
        headers: headers.map { OriginalRecord.Header(name: $0.0, value: Array($0.1.utf8)) }
    )
    return JobDecoder().decode(record, offset: 7)
}

extension JobInput {
    var job: ExportJob? {
        guard case .export(let job) = content else { return nil }
        return job
    }

    var cancelledID: String? {
        guard case .cancel(let id, _) = content else { return nil }
        return id
    }

    var pause: JobPause? {
        guard case .pause(let pause) = content else { return nil }
        return pause
    }

    var resumed: PauseTarget? {
        guard case .resume(let target) = content else { return nil }
        return target
    }

    var reason: String? {
        guard case .unreadable(_, let reason, _, _) = content else { return nil }
        return reason
    }

    var unreadableID: String? {
        guard case .unreadable(let id, _, _, _) = content else { return nil }
        return id
    }

    /// The invalid fields, each once, sorted.
    var fields: [String] {
        guard case .unreadable(_, _, let details, _) = content else { return [] }
        return Set(details.map(\.field)).sorted()
    }

    var trace: TraceContext? {
        switch content {
        case .export(let job): job.trace
        case .cancel(_, let trace): trace
        case .pause, .resume: nil
        case .unreadable(_, _, _, let trace): trace
        }
    }
}

extension OutgoingRecord {
    var text: String { String(decoding: value ?? [], as: UTF8.self) }

    var original: OriginalRecord { OriginalRecord(key: key, value: value, headers: headers) }

    func header(_ name: String) -> String? {
        headers.last { $0.name == name }?.value.map { String(decoding: $0, as: UTF8.self) }
    }
}
