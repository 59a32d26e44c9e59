import Foundation
import Primitives

/// The JSON form of a fault, as the control path `/_sandbox/faults` takes and gives it:
/// `{"kind":"status","status":503,"calls":["create"],"body":"html","probability":0.1,"count":5}`.
private struct FaultDocument: Codable {
    var kind: String
    var calls: [PayoutSandbox.Fault.Call]?
    var probability: Double?
    var count: Int?
    /// The status code, or the text that takes the place of an export's status.
    var status: Int?
    var text: String?
    var body: PayoutSandbox.Fault.ErrorBody?
    var retryAfterSeconds: Int?
    var retryAfterDate: Int?
    var afterEffect: Bool?
    var milliseconds: Int?
    /// The number of an `AADSTS` error.
    var code: Int?
    var envelope: PayoutSandbox.Fault.Envelope?
    var letterCase: PayoutSandbox.Fault.LetterCase?
    var share: Double?
}

extension PayoutSandbox.Fault: Codable {
    /// Reads the JSON form; throws a `DecodingError` that says what is missing.
    public init(from decoder: any Decoder) throws {
        let document = try FaultDocument(from: decoder)
        func required<Value>(_ value: Value?, _ name: String) throws -> Value {
            guard let value else { throw Self.invalid("A fault of kind \(document.kind) needs \"\(name)\".", decoder) }
            return value
        }
        let effect: Effect
        switch document.kind {
        case "status": effect = try .status(document.statusCode(decoder), document)
        case "lostAnswer": effect = .lostAnswer
        case "closed": effect = .closed
        case "slow": effect = .slow(try document.duration(decoder))
        case "signInError":
            guard let error = PayoutSandbox.SignInError(rawValue: try required(document.code, "code")) else {
                throw Self.invalid("There is no such AADSTS code here.", decoder)
            }
            effect = .signInError(error)
        case "envelope": effect = .envelope(try required(document.envelope, "envelope"))
        case "statusText": effect = .statusText(try required(document.text, "text"))
        case "statusCase": effect = .statusCase(try required(document.letterCase, "letterCase"))
        case "emptyBlobLocation": effect = .emptyBlobLocation
        case "exportFails": effect = .exportFails
        case "exportVanishes": effect = .exportVanishes
        case "blobBreaks": effect = .blobBreaks(after: document.share ?? 0.5)
        case "wrongMD5": effect = .wrongMD5
        case "expiredURL": effect = .expiredURL
        case "blobStalls": effect = .blobStalls(try document.duration(decoder))
        case "blobTrickles": effect = .blobTrickles(try document.duration(decoder))
        case "blobPage": effect = .blobPage
        case "blobUnframed": effect = .blobUnframed(after: document.share ?? 1)
        case "blobLocation": effect = .blobLocation(try required(document.text, "text"))
        default: throw Self.invalid("There is no fault of kind \(document.kind).", decoder)
        }
        self.init(
            effect,
            on: document.calls.map(Set.init),
            probability: document.probability ?? 1,
            count: document.count
        )
    }

    /// Writes the JSON form.
    public func encode(to encoder: any Encoder) throws {
        var document = FaultDocument(kind: effect.name)
        document.calls = calls.sorted { $0.rawValue < $1.rawValue }
        document.probability = probability
        document.count = count
        switch effect {
        case .status(let status, let body, let retryAfter, let afterEffect):
            document.status = status
            document.body = body
            document.afterEffect = afterEffect
            switch retryAfter {
            case .seconds(let seconds): document.retryAfterSeconds = seconds
            case .date(let seconds): document.retryAfterDate = seconds
            case nil: break
            }
        case .slow(let duration), .blobStalls(let duration), .blobTrickles(let duration):
            document.milliseconds = Int(duration.inNanoseconds / 1_000_000)
        case .signInError(let error): document.code = error.rawValue
        case .envelope(let form): document.envelope = form
        case .statusText(let text): document.text = text
        case .statusCase(let letterCase): document.letterCase = letterCase
        case .blobBreaks(let share), .blobUnframed(let share): document.share = share
        case .blobLocation(let text): document.text = text
        case .lostAnswer, .closed, .emptyBlobLocation, .exportFails, .exportVanishes, .wrongMD5, .expiredURL,
            .blobPage:
            break
        }
        try document.encode(to: encoder)
    }

    fileprivate static func invalid(_ message: String, _ decoder: any Decoder) -> DecodingError {
        .dataCorrupted(DecodingError.Context(codingPath: decoder.codingPath, debugDescription: message))
    }
}

extension FaultDocument {
    fileprivate func statusCode(_ decoder: any Decoder) throws -> Int {
        guard let status, (400...599).contains(status) else {
            throw PayoutSandbox.Fault.invalid("A fault of kind status needs \"status\", from 400 to 599.", decoder)
        }
        return status
    }

    /// The longest pause, a week: more is a mistake, and would not fit into nanoseconds.
    static let longestPause = 7 * 86_400_000

    fileprivate func duration(_ decoder: any Decoder) throws -> Duration {
        guard let milliseconds, (0...Self.longestPause).contains(milliseconds) else {
            throw PayoutSandbox.Fault.invalid(
                "A fault of kind \(kind) needs \"milliseconds\", from 0 to \(Self.longestPause).",
                decoder
            )
        }
        return .milliseconds(milliseconds)
    }
}

extension PayoutSandbox.Fault.Effect {
    fileprivate static func status(_ code: Int, _ document: FaultDocument) -> Self {
        var retryAfter: PayoutSandbox.Fault.RetryAfter?
        if let seconds = document.retryAfterSeconds { retryAfter = .seconds(seconds) }
        // Dates are kept in nanoseconds: what lies beyond some years from now would not fit.
        let furthest = 10 * 365 * 86_400
        if let seconds = document.retryAfterDate {
            retryAfter = .date(secondsFromNow: min(max(seconds, -furthest), furthest))
        }
        let afterEffect = document.afterEffect ?? false
        return .status(code, body: document.body ?? .nested, retryAfter: retryAfter, afterEffect: afterEffect)
    }
}

/// A list of faults, as the control path takes it: an array, or an object with a member `faults`.
struct FaultList: Codable {
    var faults: [PayoutSandbox.Fault]

    init(faults: [PayoutSandbox.Fault]) {
        self.faults = faults
    }

    init(json: [UInt8]) throws {
        let decoder = JSONDecoder()
        let data = Data(json)
        if json.first(where: { $0 > 0x20 }) == UInt8(ascii: "[") {
            faults = try decoder.decode([PayoutSandbox.Fault].self, from: data)
        } else {
            faults = try decoder.decode(FaultList.self, from: data).faults
        }
    }

    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        return Array(try encoder.encode(self))
    }
}
