import Primitives
import Testing

@Suite("Civil dates")
struct CivilDateTests {
    @Test(
        "A day's number is that of the calendar",
        arguments: [
            (1970, 1, 1, 0), (1969, 12, 31, -1), (2000, 2, 29, 11_016), (2000, 3, 1, 11_017), (1900, 3, 1, -25_508),
            (1, 1, 1, -719_162), (0, 1, 1, -719_528), (-1, 12, 31, -719_529), (9_999, 12, 31, 2_932_896),
            (-400, 2, 29, -865_566),
        ]
    )
    func dayNumbers(year: Int, month: Int, day: Int, number: Int) {
        let date = CivilDate(year: year, month: month, day: day)
        #expect(date.daysSince1970 == number)
        #expect(CivilDate(daysSince1970: number) == date)
    }

    @Test("Each day follows the one before, over two eras")
    func daysFollow() {
        var expected = CivilDate(daysSince1970: -800_000)
        for number in -800_000..<(-800_000 + 2 * 146_097 + 400) {
            guard CivilDate(daysSince1970: number) == expected, expected.daysSince1970 == number else {
                Issue.record("day \(number) is not \(expected)")
                return
            }
            expected.day += 1
            if expected.day > CivilDate.days(inMonth: expected.month, of: expected.year) {
                expected.day = 1
                expected.month += 1
            }
            if expected.month > 12 {
                expected.month = 1
                expected.year += 1
            }
        }
    }

    @Test(
        "February has 29 days in leap years only",
        arguments: [(2024, 29), (2023, 28), (1900, 28), (2000, 29), (0, 29)]
    )
    func february(year: Int, days: Int) {
        #expect(CivilDate.days(inMonth: 2, of: year) == days)
    }
}
