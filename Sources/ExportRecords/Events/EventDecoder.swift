import Foundation

/// Why a results record cannot be read.
public struct EventDecodingError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong with it.
    public var description: String
}

/// Decodes completion events, for people and tests; the worker itself does not.
public struct EventDecoder: Sendable {
    /// Creates a decoder.
    public init() {}

    /// Decodes the value of a results record as the event of a batch; `nil` when it is none.
    public func decodeBatch(value: [UInt8]?) -> BatchEventDocument? {
        value.flatMap { try? JSONDecoder().decode(BatchEventDocument.self, from: Data($0)) }
    }

    /// Decodes the value of a results record.
    ///
    /// - Throws: ``EventDecodingError`` when it is no completion event.
    public func decode(value: [UInt8]?) throws(EventDecodingError) -> CompletionEventDocument {
        guard let value else {
            throw EventDecodingError(description: "the record has no value, so it is no completion event")
        }
        do {
            return try JSONDecoder().decode(CompletionEventDocument.self, from: Data(value))
        } catch DecodingError.keyNotFound(let key, _) {
            throw EventDecodingError(
                description:
                    "the record lacks \(key.stringValue), so it is no completion event; is this the results topic?"
            )
        } catch {
            throw EventDecodingError(
                description: "the record's value is not the JSON of a completion event; is this the results topic?"
            )
        }
    }
}
