/// The columns of files, one copy for all files of one header: a million finished jobs have files of a few shapes, and a
/// header may have 16 KiB.
struct SharedColumns {
    /// Identifies a copy.
    typealias Place = UInt32

    private struct Entry {
        var digest: String
        var columns: [String]
        /// How many jobs' files refer to it.
        var users = 0
    }

    /// The most copies. Files of further headers keep columns of their own.
    static let limit = 1_024

    private var entries: [Entry?] = []
    private var free: [Place] = []
    private var places: [String: Place] = [:]

    /// How many copies there are.
    var count: Int { places.count }

    subscript(place: Place) -> [String] { entries[Int(place)]?.columns ?? [] }

    /// The header's digest.
    func digest(of place: Place) -> String? { entries[Int(place)]?.digest }

    /// Adds a reference to the columns of a header.
    ///
    /// - Returns: `nil` where the columns cannot be shared. The same header has other columns when it is split elsewhere.
    mutating func share(_ columns: [String], digest: String) -> Place? {
        if let known = places[digest] {
            guard self[known] == columns else { return nil }
            entries[Int(known)]?.users += 1
            return known
        }
        guard count < Self.limit else { return nil }
        let place = free.popLast() ?? Place(entries.count)
        if Int(place) == entries.count { entries.append(nil) }
        entries[Int(place)] = Entry(digest: digest, columns: columns, users: 1)
        places[digest] = place
        return place
    }

    /// Removes a reference, and the copy with the last one.
    mutating func release(_ place: Place) {
        entries[Int(place)]?.users -= 1
        guard let entry = entries[Int(place)], entry.users == 0 else { return }
        places[entry.digest] = nil
        entries[Int(place)] = nil
        free.append(place)
    }
}
