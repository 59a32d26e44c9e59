import HTTPTypes
import Primitives

/// Writes an export as the API answers it.
struct ExportEnvelope {
    var record: ExportRecord
    var status: String
    var blobLocation: String
    /// Whether the time at which processing began is known by now.
    var hasBegun: Bool

    func reply(status code: Int, as form: PayoutSandbox.Fault.Envelope) -> ServiceReply {
        var writer = JSONWriter(capacity: 512 + record.filter.utf8.count + blobLocation.utf8.count)
        switch form {
        case .documented:
            writer.object { writer in
                writer.key("value")
                writer.array { append(to: &$0) }
                writer.key("nextLink")
                writer.null()
                writer.member("totalCount", 1)
            }
        case .valueObject:
            writer.object { writer in
                writer.key("value")
                append(to: &writer)
            }
        case .bareArray:
            writer.array { append(to: &$0) }
        case .bareObject:
            append(to: &writer)
        case .locationOnly:
            var reply = ServiceReply(status: code)
            reply.fields[.location] = "\(record.kind.path)/\(record.id.text)"
            return reply
        }
        return .json(writer.bytes, status: code)
    }

    private func append(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("requestId", record.id.text)
            writer.key("requestDateTime")
            writer.timestamp(record.created, fractionDigits: 7)
            if hasBegun {
                writer.key("processingStartDateTime")
                writer.timestamp(record.processingStart, fractionDigits: 7)
            }
            writer.member("requestPath", record.kind.path)
            writer.member("requestQueryString", record.filter)
            writer.member("blobLocation", blobLocation)
            writer.member("status", status)
        }
    }
}

extension PayoutSandbox.ExportFacts.Kind {
    /// The path of the kind's collection.
    var path: String {
        switch self {
        case .transactionHistory: "/v1.0/payouts/transactionhistory"
        case .payments: "/v1.0/payouts/payments"
        }
    }
}

extension PayoutSandbox.Fault.LetterCase {
    func spelling(of status: String) -> String {
        switch self {
        case .lower: status.lowercased()
        case .upper: status.uppercased()
        }
    }
}
