/// The failure of a command: what failed, to what, why, and what to do. The command exits with status 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
