import NIOHTTP1

/// The page that ``LoopbackListener`` answers the browser with. It holds no part of the request.
enum SignInPage: Sendable {
    case signedIn
    case failed
    /// An answer was accepted before.
    case used
    /// Another path or method.
    case nothingHere

    var status: HTTPResponseStatus {
        switch self {
        case .signedIn, .failed: .ok
        case .used: .conflict
        case .nothingHere: .notFound
        }
    }

    private var title: String {
        switch self {
        case .signedIn: "Signed in"
        case .failed: "Not signed in"
        case .used: "Already answered"
        case .nothingHere: "Nothing here"
        }
    }

    private var text: String {
        switch self {
        case .signedIn: "payout-worker has received the sign-in. You can close this page."
        case .failed: "The terminal shows what failed and what to do. You can close this page."
        case .used: "This sign-in was already answered. You can close this page."
        case .nothingHere: "A sign-in waits for its answer at another path."
        }
    }

    var headers: HTTPHeaders {
        [
            "content-type": "text/html; charset=utf-8", "cache-control": "no-store", "connection": "close",
            "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
            "referrer-policy": "no-referrer", "x-content-type-options": "nosniff",
        ]
    }

    var html: String {
        """
        <!doctype html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>\(title)</title>
        <style>
        :root { color-scheme: light dark; }
        body { font: 1rem/1.5 system-ui, sans-serif; margin: 20vh auto; max-width: 32rem; padding: 0 1.5rem; }
        h1 { font-size: 1.5rem; }
        </style>
        </head>
        <body>
        <main>
        <h1>\(title)</h1>
        <p>\(text)</p>
        </main>
        </body>
        </html>

        """
    }
}
