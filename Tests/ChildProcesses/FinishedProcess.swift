public import Foundation

/// What a program that has ended left behind.
public struct FinishedProcess: Sendable {
    /// The exit status, or the number of the signal that ended it.
    public var status: Int32
    /// What it wrote to its standard output.
    public var output: Data
    /// What it wrote to its standard error.
    public var errors: Data

    /// The output as text.
    public var text: String { String(decoding: output, as: UTF8.self) }

    /// Runs a program to its end, which blocks the caller.
    ///
    /// Input and output are files: a full pipe cannot block the program.
    ///
    /// - Parameters:
    ///   - executable: the path of the program.
    ///   - environment: all its variables. Default: those of this process.
    ///   - directory: its working directory. Default: that of this process.
    ///   - input: what it reads from its standard input.
    /// - Throws: ``ChildProcess/StartError``, and errors of the temporary files.
    public init(
        _ executable: String,
        _ arguments: [String] = [],
        environment: [String: String]? = nil,
        directory: String? = nil,
        input: Data = Data()
    ) throws {
        let files = [try Self.unnamedFile(), try Self.unnamedFile(), try Self.unnamedFile()]
        try files[0].write(contentsOf: input)
        try files[0].seek(toOffset: 0)
        let process = try ChildProcess(
            executable,
            arguments,
            environment: environment,
            directory: directory,
            input: files[0],
            output: files[1],
            errors: files[2]
        )
        status = process.waitForEnd()
        for file in files { try file.seek(toOffset: 0) }
        output = try files[1].readToEnd() ?? Data()
        errors = try files[2].readToEnd() ?? Data()
    }

    /// A temporary file that disappears when it is closed.
    private static func unnamedFile() throws -> FileHandle {
        let path = FileManager.default.temporaryDirectory.appending(path: "child-\(UUID().uuidString)").path
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw ChildProcess.StartError(description: "\(path): \(String(cString: strerror(errno)))")
        }
        unlink(path)
        return FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
    }
}
