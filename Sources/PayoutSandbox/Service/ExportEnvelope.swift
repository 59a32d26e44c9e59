import HTTPTypes

/// Writes an export as the API answers it.
struct ExportEnvelope {
    var record: ExportRecord
    var status: String
    var blobLocation: String
    /// Whether the time at which processing began is known by now.
    var hasBegun: Bool

    func reply(status code: Int, as form: PayoutSandbox.Fault.Envelope) -> ServiceReply {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(512 + record.filter.utf8.count + blobLocation.utf8.count)
        switch form {
        case .documented:
            bytes.appendText("{\"value\":[")
            append(to: &bytes)
            bytes.appendText("],\"nextLink\":null,\"totalCount\":1}")
        case .valueObject:
            bytes.appendText("{\"value\":")
            append(to: &bytes)
            bytes.appendText("}")
        case .bareArray:
            bytes.appendText("[")
            append(to: &bytes)
            bytes.appendText("]")
        case .bareObject:
            append(to: &bytes)
        case .locationOnly:
            var reply = ServiceReply(status: code)
            reply.fields[.location] = "\(record.kind.path)/\(record.id.text)"
            return reply
        }
        return .json(bytes, status: code)
    }

    private func append(to bytes: inout [UInt8]) {
        bytes.appendText("{\"requestId\":")
        bytes.appendJSONString(record.id)
        bytes.appendText(",\"requestDateTime\":")
        bytes.appendJSONString(record.created)
        if hasBegun {
            bytes.appendText(",\"processingStartDateTime\":")
            bytes.appendJSONString(record.processingStart)
        }
        bytes.appendText(",\"requestPath\":\"")
        bytes.appendText(record.kind.path)
        bytes.appendText("\",\"requestQueryString\":")
        bytes.appendJSONString(record.filter)
        bytes.appendText(",\"blobLocation\":")
        bytes.appendJSONString(blobLocation)
        bytes.appendText(",\"status\":")
        bytes.appendJSONString(status)
        bytes.appendText("}")
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
