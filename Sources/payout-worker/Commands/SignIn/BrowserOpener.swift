import Foundation

/// Opens a page in the person's browser, if there is one.
enum BrowserOpener {
    /// Other users of the machine can read the URL in the arguments of the process. It contains no secret, but a sign-in of
    /// theirs at this URL would be accepted as the person's. Therefore the command reports who signed in.
    ///
    /// - Returns: Whether a browser was started. It may still fail, so the URL is always shown.
    static func open(_ url: String, environment: [String: String] = ProcessInfo.processInfo.environment) -> Bool {
        #if os(macOS)
            let command = "/usr/bin/open"
        #else
            // Without a display xdg-open starts a browser in the terminal and overwrites the command's output.
            let hasDisplay = ["DISPLAY", "WAYLAND_DISPLAY"].contains { !(environment[$0] ?? "").isEmpty }
            guard hasDisplay, let command = path(of: "xdg-open", environment) else { return false }
        #endif
        let process = Process()
        process.executableURL = URL(fileURLWithPath: command)
        process.arguments = [url]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        return (try? process.run()) != nil
    }

    private static func path(of command: String, _ environment: [String: String]) -> String? {
        (environment["PATH"] ?? "").split(separator: ":").map { "\($0)/\(command)" }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }
}
