import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Measurements of this process from the operating system; `nil` where it has none.
package struct ProcessFigures: Sendable {
    /// Memory that is resident, in bytes.
    package var residentBytes: Int?
    /// File descriptors that are open.
    package var openFiles: Int?
    /// File descriptors that may be open.
    package var maxFiles: Int?
    /// CPU time, user and system, in seconds.
    package var cpuSeconds: Double?
    /// When the process started, in seconds since the Unix epoch.
    package var startTime: Double?

    /// Reads them from `/proc`; elsewhere all are `nil`.
    package static func read() -> ProcessFigures {
        var figures = ProcessFigures()
        #if os(Linux)
            let pageSize = sysconf(Int32(_SC_PAGESIZE))
            if let pages = fields("/proc/self/statm").dropFirst().first.flatMap({ Int($0) }) {
                figures.residentBytes = pages * pageSize
            }
            figures.openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd"))?.count
            let limit = text("/proc/self/limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
            figures.maxFiles = limit?.split(separator: " ").dropFirst(3).first.flatMap { Int($0) }
            let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
            // The command's name is in parentheses and may contain spaces. The fields after it begin with the state.
            let stat = text("/proc/self/stat").split(separator: ")").last?.split(separator: " ") ?? []
            if stat.count > 19, let user = Double(stat[11]), let system = Double(stat[12]) {
                figures.cpuSeconds = (user + system) / ticks
                if let booted, let started = Double(stat[19]) { figures.startTime = booted + started / ticks }
            }
        #endif
        return figures
    }

    #if os(Linux)
        private static let booted: Double? = text("/proc/stat").split(separator: "\n")
            .first { $0.hasPrefix("btime ") }.flatMap { Double($0.dropFirst(6)) }

        private static func text(_ path: String) -> String {
            guard let data = FileManager.default.contents(atPath: path) else { return "" }
            return String(decoding: data, as: UTF8.self)
        }

        private static func fields(_ path: String) -> [Substring] { text(path).split(separator: " ") }
    #endif
}
