import ExportCore
import Primitives

// One function per type of field. It returns the field's value, or nil; for an invalid value it adds an error.
extension JobReading {
    mutating func readJobID(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let token else {
            addError("jobId", "is required: 1 to 128 of A-Z a-z 0-9 . _ : -")
            return nil
        }
        guard let text = readString(token, "jobId", in: scanner) else { return nil }
        guard JobLimits.isJobID(text) else {
            addError("jobId", "must be 1 to 128 of A-Z a-z 0-9 . _ : -")
            return nil
        }
        return text
    }

    mutating func readString(_ token: JSONToken?, _ field: String, in scanner: JSONScanner) -> String? {
        guard let token, isString(token, field) else { return nil }
        return scanner.text(token)
    }

    /// One of a few names.
    mutating func readChoice<Choice>(
        _ token: JSONToken?,
        _ field: String,
        in scanner: JSONScanner,
        _ choices: [Choice],
        _ name: (Choice) -> String
    ) -> Choice? {
        guard let text = readString(token, field, in: scanner) else { return nil }
        if let choice = choices.first(where: { name($0) == text }) { return choice }
        addError(field, "must be \(choices.map(name).joined(separator: " or ")), not \(excerpt(text))")
        return nil
    }

    mutating func readFilter(_ token: JSONToken?, kind: ExportKind?, in scanner: JSONScanner) -> String? {
        guard let filter = readString(token, "filter", in: scanner) else { return nil }
        guard isShortFilter(filter, "") else { return nil }
        let checked = CheckedFilter(filter, kind: kind)
        errors.append(contentsOf: checked.errors)
        warnings.append(contentsOf: checked.warnings)
        return isShortFilter(checked.text, " after it was rewritten") ? checked.text : nil
    }

    private mutating func isShortFilter(_ filter: String, _ when: String) -> Bool {
        if filter.utf8.count <= JobLimits.filterBytes { return true }
        addError("filter", "has \(filter.utf8.count) bytes\(when); at most \(JobLimits.filterBytes) are allowed")
        return false
    }

    mutating func readAccount(_ token: JSONToken?, in scanner: JSONScanner, meaning absent: String) -> String? {
        guard let account = readString(token, "account", in: scanner) else { return nil }
        guard !account.isEmpty else {
            addError("account", "must not be empty; leave it out for \(absent)")
            return nil
        }
        guard account.utf8.count <= JobLimits.accountBytes else {
            addError("account", "has \(account.utf8.count) bytes; at most \(JobLimits.accountBytes) are allowed")
            return nil
        }
        return account
    }

    mutating func readReason(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let reason = readString(token, "reason", in: scanner) else { return nil }
        guard reason.utf8.count <= JobLimits.reasonBytes else {
            addError("reason", "has \(reason.utf8.count) bytes; at most \(JobLimits.reasonBytes) are allowed")
            return nil
        }
        return reason.isEmpty ? nil : reason
    }

    mutating func readBoolean(_ token: JSONToken?, _ field: String, in scanner: JSONScanner) -> Bool? {
        guard let token else { return nil }
        guard token.kind == .boolean else {
            addError(field, "must be true or false, not \(token.noun)")
            return nil
        }
        return scanner.bytes[token.start] == UInt8(ascii: "t")
    }

    mutating func readRetryOf(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let text = readString(token, "retryOf", in: scanner) else { return nil }
        guard JobLimits.isJobID(text), text != jobID else {
            addError("retryOf", "must be the jobId of another job: 1 to 128 of A-Z a-z 0-9 . _ : -")
            return nil
        }
        return text
    }

    mutating func readDate(_ token: JSONToken?, _ field: String, in scanner: JSONScanner) -> Instant? {
        guard let token, isString(token, field) else { return nil }
        guard let time = scanner.withText(token, { Timestamp(rfc3339: $0) }) else {
            addError(field, "must be an RFC 3339 date such as 2026-12-01T00:00:00Z")
            return nil
        }
        return Instant(milliseconds: time.milliseconds)
    }

    mutating func readMaxAttempts(_ token: JSONToken?, in scanner: JSONScanner) -> Int? {
        guard let token else { return nil }
        let range = JobLimits.maxAttempts
        guard token.kind == .number else {
            addError(
                "maxAttempts",
                "must be a number from \(range.lowerBound) to \(range.upperBound), not \(token.noun)"
            )
            return nil
        }
        guard let number = readWholeNumber(token, in: scanner), range.contains(number) else {
            addError("maxAttempts", "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    mutating func readRequestID(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let token, isString(token, "requestId") else { return nil }
        guard scanner.withText(token, JobLimits.isRequestID) else {
            addError(
                "requestId",
                "must be the request id of an export: 1 to 128 of A-Z a-z 0-9 . _ -, a letter or a digit first"
            )
            return nil
        }
        return scanner.text(token)
    }

    private mutating func isString(_ token: JSONToken, _ field: String) -> Bool {
        if token.isString { return true }
        addError(field, "must be a string, not \(token.noun)")
        return false
    }
}

// MARK: - Metadata

extension JobReading {
    /// How many members that are not strings are reported separately.
    private static let namedMembers = 10

    /// The metadata as compact JSON with sorted keys; `nil` when there is none.
    mutating func readMetadata(_ token: JSONToken?, in scanner: JSONScanner) -> String? {
        guard let token else { return nil }
        guard token.kind == .object else {
            addError("metadata", "must be an object of strings, not \(token.noun)")
            return nil
        }
        var members: [(key: String, value: JSONToken)] = []
        var wrong = 0
        var object = JSONScanner(scanner.bytes, at: token)
        object.enter()
        var isFirst = true
        // The object was already scanned, so scanning it again cannot fail.
        while let key = try? object.nextKey(isFirst: &isFirst), let value = try? object.value() {
            if value.isString {
                members.append((object.text(key), value))
                continue
            }
            wrong += 1
            guard wrong <= Self.namedMembers else { continue }
            addError("metadata", "must hold strings only, and \(excerpt(object.text(key))) is \(value.noun)")
        }
        if wrong > Self.namedMembers {
            addError("metadata", "has \(wrong - Self.namedMembers) more that are no strings")
        }
        guard wrong == 0, !members.isEmpty else { return nil }
        let json = compact(members, in: object, capacity: token.end - token.start)
        guard json.count <= JobLimits.metadataBytes else {
            addError(
                "metadata",
                "has \(json.count) bytes as compact JSON; at most \(JobLimits.metadataBytes) are allowed"
            )
            return nil
        }
        return String(decoding: json, as: UTF8.self)
    }

    /// Keys in the order of their bytes; of a duplicate key the last one counts.
    private func compact(
        _ members: [(key: String, value: JSONToken)],
        in scanner: JSONScanner,
        capacity: Int
    ) -> [UInt8] {
        var order = Array(members.indices)
        if members.count > 1 {
            order.sort { left, right in
                let (leftKey, rightKey) = (members[left].key, members[right].key)
                if leftKey.utf8.elementsEqual(rightKey.utf8) { return left < right }
                return leftKey.utf8.lexicographicallyPrecedes(rightKey.utf8)
            }
        }
        var writer = JSONWriter(capacity: capacity)
        writer.object { writer in
            for (position, index) in order.enumerated() {
                let member = members[index]
                if position + 1 < order.count, members[order[position + 1]].key.utf8.elementsEqual(member.key.utf8) {
                    continue
                }
                writer.key(escaping: member.key)
                writer.string(scanner.text(member.value))
            }
        }
        return writer.bytes
    }
}
