import HTTPTypes
import Hummingbird
import NIOCore
import WorkerTelemetry

extension ConsoleResponder {
    /// Style and script come from this server alone, nothing is loaded from other hosts, and no site may frame the page.
    static let contentSecurityPolicy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'", "img-src 'self' data:",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'",
    ].joined(separator: "; ")

    static let accelBuffering = name("X-Accel-Buffering")
    private static let fixed: [(HTTPField.Name, String)] = [
        (.contentSecurityPolicy, contentSecurityPolicy),
        (.xContentTypeOptions, "nosniff"),
        (name("Referrer-Policy"), "no-referrer"),
        (name("X-Frame-Options"), "DENY"),
        (name("Cross-Origin-Resource-Policy"), "same-origin"),
        (name("Cross-Origin-Opener-Policy"), "same-origin"),
        (name("Permissions-Policy"), "camera=(), geolocation=(), microphone=()"),
    ]

    private static func name(_ text: String) -> HTTPField.Name { HTTPField.Name(text) ?? .server }

    static func headers(_ contentType: String, cache: String) -> HTTPFields {
        var headers = HTTPFields()
        for (name, value) in fixed { headers[name] = value }
        headers[.contentType] = contentType
        headers[.cacheControl] = cache
        return headers
    }

    static func response(
        _ status: HTTPResponse.Status,
        _ contentType: String,
        _ text: String,
        cache: String = "no-store"
    ) -> Response {
        Response(
            status: status,
            headers: headers(contentType, cache: cache),
            body: ResponseBody(byteBuffer: ByteBuffer(string: text))
        )
    }

    static func json(_ status: HTTPResponse.Status, _ document: some Encodable) -> Response {
        Response(
            status: status,
            headers: headers("application/json", cache: "no-store"),
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: JSON.encode(document)))
        )
    }

    static func error(_ status: HTTPResponse.Status, _ message: String, remedy: String) -> Response {
        json(status, ErrorDocument(error: message, remedy: remedy))
    }

    var misdirected: Response {
        Self.error(
            .misdirectedRequest,
            "The console does not answer to the name in the Host header.",
            remedy: telemetry.texts.remedy(for: .hostNotAllowed)
        )
    }

    static let silent = error(
        .serviceUnavailable,
        "The engine does not answer.",
        remedy: "Try again. /livez and /readyz report details."
    )
}
