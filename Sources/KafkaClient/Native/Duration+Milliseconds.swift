extension Duration {
    /// Whole milliseconds for librdkafka's time-outs, at least 0.
    var milliseconds: Int32 {
        let (seconds, attoseconds) = components
        guard seconds >= 0, attoseconds >= 0 else { return 0 }
        let (whole, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? .max : Int32(clamping: whole + attoseconds / 1_000_000_000_000_000)
    }
}
