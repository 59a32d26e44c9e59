import ExportCore
import Foundation

/// Lines that are sorted by time. Memory holds their times and places; where the lines themselves need more than a limit, they
/// are written to a temporary file without a name, which the system removes with its last descriptor.
struct SortedLines {
    private struct Place {
        var time: Instant
        /// Where the line begins: in the file, and behind its end in the buffer.
        var start: Int
        var length: Int
    }

    private let last: Int?
    private let memory: Int
    private let folder: String
    private var places: [Place] = []
    private var buffer: [UInt8] = []
    private var file: FileHandle?
    /// The length of the file.
    private var written = 0

    /// - Parameters:
    ///   - last: how many of the newest lines are kept; `nil` for all.
    ///   - memory: the bytes of lines in memory.
    ///   - folder: where the temporary file is created.
    init(last: Int? = nil, memory: Int = 16 << 20, folder: String = NSTemporaryDirectory()) {
        (self.last, self.memory, self.folder) = (last, memory, folder)
    }

    /// Adds a line.
    mutating func add(_ line: String, at time: Instant) throws {
        try add(Array(line.utf8), at: time)
        guard let last, places.count / 2 - 500 >= last else { return }
        // The kept lines are copied, so that the room of the others is free again.
        var kept = SortedLines(memory: memory, folder: folder)
        try forEachPlace { try kept.add($1, at: $0.time) }
        (places, buffer, file, written) = (kept.places, kept.buffer, kept.file, kept.written)
    }

    /// Passes the lines in the order of their times, of equal times in the order in which they were added.
    func forEach(_ body: (String) throws -> Void) throws {
        try forEachPlace { try body(String(decoding: $1, as: UTF8.self)) }
    }

    private mutating func add(_ line: [UInt8], at time: Instant) throws {
        places.append(Place(time: time, start: written + buffer.count, length: line.count))
        buffer += line
        if buffer.count > memory { try empty() }
    }

    private func forEachPlace(_ body: (Place, [UInt8]) throws -> Void) throws {
        let sorted = places.sorted { ($0.time, $0.start) < ($1.time, $1.start) }
        for place in sorted.suffix(last ?? sorted.count) {
            try body(place, try read(place))
        }
    }

    private func read(_ place: Place) throws -> [UInt8] {
        guard place.start < written, let file else {
            let start = place.start - written
            return Array(buffer[start..<start + place.length])
        }
        do {
            try file.seek(toOffset: UInt64(place.start))
            return Array(try file.read(upToCount: place.length) ?? Data())
        } catch {
            throw failure
        }
    }

    /// Moves the buffer's lines to the file.
    private mutating func empty() throws {
        guard let file = file ?? nameless() else { throw failure }
        self.file = file
        do {
            try file.seekToEnd()
            try file.write(contentsOf: buffer)
        } catch {
            throw failure
        }
        written += buffer.count
        buffer.removeAll(keepingCapacity: true)
    }

    /// A file that has no name any more.
    private func nameless() -> FileHandle? {
        var path = Array((folder + "/payout-worker-XXXXXX").utf8CString)
        let descriptor = mkstemp(&path)
        guard descriptor >= 0 else { return nil }
        unlink(path)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }

    private var failure: CommandFailure {
        CommandFailure(
            "The events need more than \(Formatting.size(Int64(memory))) of memory, and no temporary file in \(folder) can hold them. Set TMPDIR to a folder with free space, select fewer events with --since, --status or --last, or omit --since and --last: events are then printed unsorted."
        )
    }
}
