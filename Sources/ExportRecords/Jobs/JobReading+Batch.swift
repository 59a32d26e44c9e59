import ExportCore
import Primitives

extension JobReading {
    /// The job's batch: its id and its size. Unknown members are ignored.
    mutating func readBatch(_ token: JSONToken?, in scanner: JSONScanner) -> JobBatch? {
        guard let token else { return nil }
        guard token.kind == .object else {
            addError("batch", "must be an object with id and size, not \(token.noun)")
            return nil
        }
        var (idToken, sizeToken): (JSONToken?, JSONToken?)
        var object = JSONScanner(scanner.bytes, at: token)
        object.enter()
        var isFirst = true
        // The object was already scanned, so scanning it again cannot fail.
        while let key = try? object.nextKey(isFirst: &isFirst), let value = try? object.value() {
            object.withText(key) { name in
                if name.isEqual(to: "id") { idToken = value }
                if name.isEqual(to: "size") { sizeToken = value }
            }
        }
        let (id, size) = (readBatchID(idToken, in: scanner), readBatchSize(sizeToken, in: scanner))
        guard let id, let size else { return nil }
        return JobBatch(id: id, size: size)
    }

    private mutating func readBatchID(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        let text = token.flatMap { $0.isString ? scanner.text($0) : nil }
        if let text, JobLimits.isJobID(text) { return text }
        addError("batch.id", "must be 1 to 128 of A-Z a-z 0-9 . _ : -")
        return nil
    }

    private mutating func readBatchSize(_ token: JSONToken?, in scanner: JSONScanner) -> Int? {
        let range = JobBatch.sizes
        guard let token, let number = readWholeNumber(token, in: scanner), range.contains(number) else {
            addError("batch.size", "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    /// A whole number. 3.0 and 3e0 are integers to JSON Schema, so they are here.
    func readWholeNumber(_ token: JSONToken, in scanner: JSONScanner) -> Int? {
        guard token.kind == .number else { return nil }
        let text = String(decoding: scanner.bytes[token.start..<token.end], as: UTF8.self)
        return Int(text) ?? Double(text).flatMap(Int.init(exactly:))
    }
}
