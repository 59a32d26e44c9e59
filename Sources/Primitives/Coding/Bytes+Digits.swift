extension [UInt8] {
    /// Appends a number in decimal, filled up with zeros; of a longer number the last digits.
    ///
    /// - Parameters:
    ///   - number: Not negative.
    ///   - width: How many digits, from 1 to 19.
    public mutating func appendDigits(_ number: Int64, _ width: Int) {
        var divisor: Int64 = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: number / divisor % 10))
            divisor /= 10
        }
    }

    /// Appends `07:50:29`.
    mutating func appendTime(ofSecond second: Int64) {
        appendDigits(second / 3_600, 2)
        append(UInt8(ascii: ":"))
        appendDigits(second / 60 % 60, 2)
        append(UInt8(ascii: ":"))
        appendDigits(second % 60, 2)
    }
}
