import ArgumentParser
import Foundation

/// The flag of every command that prints a table.
struct TableOptions: ParsableArguments {
    @Flag(help: "Print whole values, even if lines become wider than the terminal.")
    var wide = false

    /// The most characters of a line; `nil` where lines may be as long as they are.
    var width: Int? { wide ? nil : Self.terminalWidth }

    /// The width of the terminal; `nil` where standard output is none.
    static var terminalWidth: Int? {
        var size = winsize()
        guard Terminal.isInteractive, ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else {
            return nil
        }
        return Int(size.ws_col)
    }
}
