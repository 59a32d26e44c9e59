extension Duration {
    /// The duration in seconds.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) / 1e18
    }

    /// The duration in whole milliseconds, rounded toward zero and clamped to what 64 bits hold.
    public var inMilliseconds: Int64 { whole(unitsPerSecond: 1_000) }

    /// The duration in whole nanoseconds, rounded toward zero and clamped to what 64 bits hold.
    public var inNanoseconds: Int64 { whole(unitsPerSecond: 1_000_000_000) }

    private func whole(unitsPerSecond units: Int64) -> Int64 {
        let (seconds, attoseconds) = components
        let (product, overflow) = seconds.multipliedReportingOverflow(by: units)
        let (sum, carried) = product.addingReportingOverflow(attoseconds / (1_000_000_000_000_000_000 / units))
        return overflow || carried ? (seconds < 0 ? .min : .max) : sum
    }
}
