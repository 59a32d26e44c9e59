/// A command that could not do its work: what happened, to what, and what to do. Ends it with status 1.
struct CommandFailure: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
