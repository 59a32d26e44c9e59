import Testing

@testable import payout_worker

@Suite struct ValueParsingTests {
    @Test(arguments: [("64KiB", 65_536), ("8MiB", 8_388_608), ("1GiB", 1_073_741_824), ("12", 12), ("12B", 12)])
    func sizesAreParsed(text: String, expected: Int) {
        #expect(ValueParsing.size(text) == expected)
    }

    @Test(arguments: ["", "KiB", "-1", "1.5MiB", "9223372036854775807GiB"])
    func invalidSizesAreRefused(text: String) {
        #expect(ValueParsing.size(text) == nil)
    }

    @Test func booleansAreParsed() {
        #expect(ValueParsing.boolean("TRUE") == true)
        #expect(ValueParsing.boolean("off") == false)
        #expect(ValueParsing.boolean("maybe") == nil)
    }
}
