import ExportCore
import ExportRecords
import Testing
import TestSupport

@Suite("Instants as RFC 3339")
struct RFC3339Tests {
    @Test("What is finer than a millisecond is cut off")
    func reads() {
        #expect(Instant(rfc3339: "2023-05-25T21:20:46.3727561Z")?.milliseconds == 1_685_049_646_372)
        #expect(Instant(rfc3339: "1969-12-31T23:59:59.9999Z")?.milliseconds == -1)
        #expect(Instant(rfc3339: "2023-05-25T21:20:46") == nil)
    }

    @Test("What is written reads back")
    func writesWhatItReads() {
        var generator = SeededGenerator(seed: 1)
        for _ in 0..<1_000 {
            let instant = Instant(
                milliseconds: .random(in: -62_167_219_200_000...253_402_300_799_999, using: &generator)
            )
            #expect(Instant(rfc3339: instant.rfc3339) == instant)
        }
    }

    @Test("Instants outside four-digit years become the nearest that can be written")
    func staysWithinFourDigitYears() {
        #expect(Instant.distantFuture.rfc3339 == "9999-12-31T23:59:59.999Z")
        #expect(Instant(milliseconds: .min).rfc3339 == "0000-01-01T00:00:00.000Z")
    }
}
