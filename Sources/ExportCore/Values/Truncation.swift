extension String {
    /// The text in at most this many bytes of UTF-8: as it is, or its beginning and an ellipsis. Cuts between Unicode
    /// scalars, because a character may have as many of them as its sender likes.
    public func truncated(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let ellipsis = "…"
        var end = utf8.index(startIndex, offsetBy: max(0, limit - ellipsis.utf8.count))
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end]) + ellipsis
    }
}
