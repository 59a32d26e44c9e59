// The code of the articles, compiled and run. `ArticleCodeTests` checks that every code block of the articles is in this
// file, line by line.

import EntraIdentity
import Foundation
import HTTPAccess
import NIOCore
import PayoutAPI
import PayoutFilters
import Primitives

/// Getting started.
enum GettingStarted {
    struct ExportFailed: Error {
        var requestID: String
    }

    struct Parts {
        var transport: HTTPTransport
        var tokens: EntraTokenProvider
        var client: PayoutClient
    }

    static func connectThroughProxy() throws -> HTTPTransport {
        var connections = HTTPTransport.Configuration()
        connections.network = NetworkSettings(
            proxy: try ProxyServer("http://proxy.example.com:3128"),
            exceptions: ProxyExceptions("storage.example.com"),
            additionalRoots: try TrustRoots(pemFile: "/etc/ssl/private-authority.pem")
        )
        let transport = HTTPTransport(configuration: connections)
        return transport
    }

    static func connect() throws -> Parts {
        let transport = HTTPTransport()
        let tokens = try EntraTokenProvider(
            configuration: .init(
                tenantID: "contoso.onmicrosoft.com",
                clientID: "c0ffee00-1c6b-4a52-8d0f-6f3a9e1b2d4c",
                flow: .password(
                    username: "exports@contoso.example",
                    password: .file("/run/secrets/payout-password"),
                    clientSecret: nil
                )
            ),
            transport: transport
        )
        let client = try PayoutClient(tokens: tokens, transport: transport)
        return Parts(transport: transport, tokens: tokens, client: client)
    }

    static func lint(print: (Any) -> Void) {
        let problems = ODataFilter.lint("payoutStatusUpdateTS = 2023-03-01", for: .payments)
        for problem in problems { print(problem) }
    }

    /// Creates an export, downloads its file and deletes it.
    static func export(
        _ client: PayoutClient,
        _ transport: HTTPTransport,
        _ period: FilterPeriod,
        into file: FileHandle,
        downloads: BlobDownloader.Configuration,
        print: (String) -> Void
    ) async throws {
        let (idempotencyID, correlationID) = (UUID(), UUID())
        let filter = Payments.during(period)
            .and(Payments.enrollmentParticipantId.eq("1234567"))
        var export = try await client.create(
            filter: filter,
            fileFormat: .csv,
            idempotencyID: idempotencyID,
            correlationID: correlationID
        )
        while !export.isReady {
            // The service has retried the export automatically. The remedy is a new export with a new id.
            if export.status == .failed { throw ExportFailed(requestID: export.requestID) }
            try await Task.sleep(for: .seconds(30))
            export = try await client.get(
                kind: .payments,
                requestID: export.requestID,
                correlationID: correlationID
            )
        }
        try await self.download(export, client, correlationID, transport, file, downloads, print)
    }

    private static func download(
        _ export: Export,
        _ client: PayoutClient,
        _ correlationID: UUID,
        _ transport: HTTPTransport,
        _ file: FileHandle,
        _ downloads: BlobDownloader.Configuration,
        _ print: (String) -> Void
    ) async throws {
        let downloader = BlobDownloader(configuration: downloads, transport: transport)
        let requestID = export.requestID
        guard let url = export.blobLocation else { throw ExportFailed(requestID: requestID) }
        let blob = try await downloader.download(url, to: FileConsumer(file)) {
            let fresh = try await client.get(kind: .payments, requestID: requestID, correlationID: correlationID)
            return fresh.blobLocation ?? url
        }
        print("\(blob.fileName): \(blob.size) bytes, SHA-256 \(blob.sha256)")
        try await client.delete(kind: .payments, requestID: requestID, correlationID: correlationID)
        try await transport.shutdown()
    }

    struct FileConsumer: BlobConsumer {
        let file: FileHandle

        init(_ file: FileHandle) { self.file = file }

        func receive(_ chunk: ByteBuffer) throws {
            try file.write(contentsOf: Data(chunk.readableBytesView))
        }

        /// The file has changed at the service, or is damaged, and begins again.
        func restart() throws {
            try file.truncate(atOffset: 0)
        }
    }
}

/// Signing in.
enum SigningIn {
    static func password() -> EntraTokenProvider.Flow {
        let flow = EntraTokenProvider.Flow.password(
            username: "exports@contoso.example",
            password: .file("/run/secrets/payout-password"),
            clientSecret: nil
        )
        return flow
    }

    static func refreshToken() -> EntraTokenProvider.Flow {
        let flow = EntraTokenProvider.Flow.refreshToken(
            .file("/run/secrets/payout-refresh-token"),
            clientSecret: .file("/run/secrets/payout-client-secret"),
            savedIn: "/var/lib/payout/refresh-token"
        )
        return flow
    }

    static func clientCredentials() -> EntraTokenProvider.Flow {
        let flow = EntraTokenProvider.Flow.clientCredentials(
            clientSecret: .file("/run/secrets/payout-client-secret")
        )
        return flow
    }

    static func unlocked(_ tokens: EntraTokenProvider) {
        tokens.reset()
    }

    actor Vault {
        private var tokens: [String]
        init(_ tokens: [String]) { self.tokens = tokens }
        func currentToken() -> String? { tokens.first }
        func discard(_ token: String) { tokens.removeAll { $0 == token } }
    }

    struct VaultTokens: TokenProvider {
        let vault: Vault

        func token() async throws -> AccessToken {
            guard let token = await vault.currentToken() else {
                throw AuthenticationFailure(reason: .secretUnavailable, detail: "the vault is sealed")
            }
            return AccessToken(token)
        }

        /// The service has refused this token.
        func invalidate(_ token: AccessToken) async {
            await vault.discard(token.value)
        }
    }
}

/// Errors.
enum Errors {
    static func get(
        _ client: PayoutClient,
        _ requestID: String,
        _ correlationID: UUID,
        again repeated: (Duration) async throws -> Export,
        alert: (String) async -> Void
    ) async throws -> Export {
        func again(after wait: Duration) async throws -> Export { try await repeated(wait) }
        do {
            return try await client.get(kind: .payments, requestID: requestID, correlationID: correlationID)
        } catch let error as PayoutAPIError {
            switch error.recovery {
            case .retryable:
                // Transient. A creation is retried with the same idempotency id: the service may have handled it already.
                return try await again(after: error.retryAfter ?? .seconds(60))
            case .throttled:
                // Too many calls of this type for this account: slow all of them down.
                return try await again(after: error.retryAfter ?? .seconds(60))
            case .permanentForJob:
                // Each retry would fail as well.
                throw error
            case .permanentForAccount:
                // Every call of this account would fail: alert an operator.
                await alert(error.description)
                throw error
            }
        }
    }

    static func printRemedy(of error: PayoutAPIError, print: (String) -> Void) {
        if case .authentication(let failure) = error.reason, failure.reason == .mfaRequired {
            print("\(failure.account): \(failure.remedy)")
        }
    }
}

/// Reading files.
enum ReadingFiles {
    struct Payment: ExportRow {
        var paymentId: String
        var totalPayment: Decimal
        var currencyCode: String
        var payoutStatusUpdateTS: Date?

        enum CodingKeys: String, CodingKey, CaseIterable {
            case paymentId, totalPayment, currencyCode, payoutStatusUpdateTS
        }
    }

    static func wait(_ client: PayoutClient, for queued: Export, print: (String) -> Void) async throws -> Export {
        for try await update in client.updates(of: queued) {
            print("\(update.requestID): \(update.status)")
        }
        let export = try await client.waitUntilCompleted(queued)
        return export
    }

    static func save(
        _ export: Export,
        of client: PayoutClient,
        to path: String,
        print: (String) -> Void
    ) async throws -> DownloadedBlob {
        let blob = try await client.download(export, to: URL(filePath: path))
        print("\(blob.fileName): \(blob.content?.rows ?? 0) rows, SHA-256 \(blob.sha256)")
        return blob
    }

    static func totals(of export: Export, _ client: PayoutClient) async throws -> [String: Decimal] {
        var totals: [String: Decimal] = [:]
        for try await payment in client.rows(of: export, as: Payment.self) {
            totals[payment.currencyCode, default: 0] += payment.totalPayment
        }
        return totals
    }

    static func size(of export: Export, _ client: PayoutClient) async throws -> Int {
        var size = 0
        for try await chunk in client.bytes(of: export) {
            size += chunk.readableBytes
        }
        return size
    }
}
