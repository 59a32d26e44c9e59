extension PayoutSandbox {
    /// How a person signs in at the pages of the identity platform.
    public struct SignInBehaviour: Sendable {
        /// What the person does.
        public enum Person: Sendable, Equatable {
            /// Accepts at once: for tests and demonstrations.
            case approves
            /// Accepts a device code after so many polls; a browser's sign-in at once.
            case approvesAfter(polls: Int)
            /// A page asks, and waits for a click.
            case asks
            /// Refuses.
            case declines
            /// A policy of the tenant forbids device codes: `AADSTS53003`. A browser's sign-in is accepted at once.
            case isBlockedByPolicy
        }

        /// What the person does.
        public var person = Person.approves
        /// Whether the person signs in with multi-factor authentication.
        public var usesMFA = true
        /// How long codes work.
        public var codeLifetime = Duration.seconds(900)
        /// The wait between two polls that the device code's response asks for; faster polls get `slow_down`.
        public var pollInterval = Duration.seconds(5)

        /// A person who accepts at once, with multi-factor authentication.
        public init() {}
    }

    /// At which calls tokens without multi-factor authentication are refused, and how.
    public struct MFAEnforcement: Sendable {
        /// At which calls.
        public enum Enforcement: Sendable, Equatable {
            /// At none.
            case off
            /// At all.
            case on
            /// At a random share of them, in 0...1.
            case share(Double)

            /// Enforcement at a share of the calls: none at 0, all at 1.
            public init(share: Double) {
                self = share <= 0 ? .off : share >= 1 ? .on : .share(share)
            }
        }

        /// The form of the refusal's body.
        public enum Body: String, Sendable, CaseIterable {
            /// `{"error":{"code":"900421",…}}`
            case nested
            /// `{"error":{"code":900421,…}}`
            case nestedNumber
            /// `{"code":"900421",…}`
            case flat
            /// `{"errorCode":900421,…}`
            case errorCode
            /// `{"statusCode":900421,…}`
            case statusCode
            /// `{"error":{"code":"unauthenticated","innerError":{"code":"900421"},…}}`
            case inner
        }

        /// At which calls.
        public var enforcement = Enforcement.off
        /// The form of the refusal's body.
        public var body = Body.nested

        /// Enforced at no call.
        public init() {}
    }
}
