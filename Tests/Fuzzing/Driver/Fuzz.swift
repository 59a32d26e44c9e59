import Foundation

/// Runs libFuzzer on the target that FUZZ_TARGET names. Without it the targets are listed for `fuzz.py`.
@main enum Fuzz {
    private static let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"]
    private static let target = FuzzTarget.all.first { $0.name == name }

    static func main() throws {
        guard target != nil else {
            try list()
            exit(name == nil ? 0 : 64)
        }
        var count = CommandLine.argc
        var arguments = CommandLine.unsafeArgv
        exit(runLibFuzzer(&count, &arguments, run))
    }

    /// A violated property ends the process, as a crash does.
    private static let run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt = { bytes, count in
        if let problem = target?.problem(Array(UnsafeBufferPointer(start: bytes, count: count))) { fatalError(problem) }
        return 0
    }

    private static func list() throws {
        let list = FuzzTarget.all.map { target in
            ["name": target.name, "folders": target.folders.map(\.path), "dictionary": target.dictionary]
                as [String: Any]
        }
        FileHandle.standardOutput.write(try JSONSerialization.data(withJSONObject: list))
    }
}

/// libFuzzer's driver, which calls a function for each input.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ run: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
