import Testing

@testable import payout_worker

@Suite struct TransferMeterTests {
    private static let mebibyte = 1_048_576

    @Test func lineShowsProgressRateAndTimeLeft() {
        var meter = TransferMeter(expected: Int64(40 * Self.mebibyte))
        #expect(meter.line == "[------------------------] 0 B of 40.0 MiB")
        for second in 0...5 { meter.add(2 * Self.mebibyte, at: .seconds(second)) }
        // The first bytes have no duration, so the rate counts the bytes after them.
        #expect(meter.received == Int64(12 * Self.mebibyte))
        #expect(abs((meter.rate ?? 0) - Double(12 * Self.mebibyte) / 5) < 1e-3)
        #expect(meter.line == "[#######-----------------] 12.0 MiB of 40.0 MiB, 2.4 MiB/s, 11 s left")
    }

    @Test func rateIsUnknownInTheFirstHalfSecond() {
        var meter = TransferMeter(expected: 1000)
        meter.add(10, at: .zero)
        meter.add(10, at: .milliseconds(300))
        #expect(meter.rate == nil)
        #expect(meter.timeLeft == nil)
        meter.add(10, at: .milliseconds(600))
        #expect(abs((meter.rate ?? 0) - 50) < 1e-6)
    }

    @Test func rateIsThatOfTheLastSeconds() throws {
        var meter = TransferMeter(expected: nil)
        for second in 0..<100 { meter.add(1_000_000, at: .seconds(second)) }
        for second in 100..<130 { meter.add(1_000, at: .seconds(second)) }
        #expect(abs(try #require(meter.rate) - 1_000) < 1e-6)
        #expect(meter.line.hasSuffix(", 1000 B/s"))
    }

    @Test func lineHasNoBarWithoutASize() {
        var meter = TransferMeter(expected: nil)
        meter.add(Self.mebibyte, at: .zero)
        #expect(meter.line == "1.0 MiB")
        #expect(TransferMeter(expected: 0).line == "0 B")
    }

    @Test func timeLeftOfAStalledTransferIsBounded() {
        var meter = TransferMeter(expected: .max)
        meter.add(1, at: .zero)
        meter.add(1, at: .seconds(2))
        #expect(meter.timeLeft == .seconds(31_536_000))
        for second in 3..<60 { meter.add(0, at: .seconds(second)) }
        #expect(meter.rate == 0)
        #expect(meter.timeLeft == nil)
    }
}
