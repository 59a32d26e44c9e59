/// The program's version.
enum Version {
    static let text = "0.1.0"
    /// The commit that the program was built from. The container image's build writes it here.
    static let revision = "unknown"
}
