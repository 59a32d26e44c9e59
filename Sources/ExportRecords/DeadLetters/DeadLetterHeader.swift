/// The headers that a dead letter has beside the original ones.
enum DeadLetterHeader: String, CaseIterable {
    case topic = "__dlq.errors.topic"
    case partition = "__dlq.errors.partition"
    case offset = "__dlq.errors.offset"
    case group = "__dlq.errors.group"
    case message = "__dlq.errors.message"
    case valueOmitted = "__dlq.errors.value.omitted"
    case valueSize = "__dlq.errors.value.size"
    case headersOmitted = "__dlq.errors.headers.omitted"
    case headersSize = "__dlq.errors.headers.size"
    case keyOmitted = "__dlq.errors.key.omitted"
    case keySize = "__dlq.errors.key.size"
}
