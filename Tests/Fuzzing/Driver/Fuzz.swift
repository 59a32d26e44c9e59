import Foundation

// The functions that libFuzzer's driver, which has the program's entry point, calls.

/// The target of this process, which FUZZ_TARGET names. Without it the targets are listed for `fuzz.py`.
private let target: FuzzTarget = {
    let name = ProcessInfo.processInfo.environment["FUZZ_TARGET"]
    if let target = FuzzTarget.all.first(where: { $0.name == name }) { return target }
    let list = FuzzTarget.all.map { target in
        ["name": target.name, "folders": target.folders.map(\.path), "dictionary": target.dictionary] as [String: Any]
    }
    if let text = try? JSONSerialization.data(withJSONObject: list) { FileHandle.standardOutput.write(text) }
    exit(name == nil ? 0 : 64)
}()

/// Called once, before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutableRawPointer, _ arguments: UnsafeMutableRawPointer) -> CInt {
    _ = target.name
    return 0
}

/// Called for each input. A violated property ends the process, as a crash does.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    if let problem = target.problem(Array(UnsafeBufferPointer(start: bytes, count: count))) { fatalError(problem) }
    return 0
}
