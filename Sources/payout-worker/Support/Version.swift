/// The program's version.
enum Version {
    static let text = "0.1.0"
    /// The commit that the program was built from, if the build sets it.
    static let revision = "unknown"
}
