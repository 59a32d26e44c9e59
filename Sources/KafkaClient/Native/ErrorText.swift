/// Runs a call that writes an error text into a buffer, and returns the text: librdkafka's form of reporting errors.
enum ErrorText {
    static func filled(_ body: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
            guard let base = buffer.baseAddress else { return "" }
            base.initialize(to: 0)
            body(base, buffer.count)
            return String(cString: base)
        }
    }
}
