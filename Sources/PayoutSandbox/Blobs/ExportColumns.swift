import Primitives

extension PayoutSandbox.ExportFacts.Kind {
    /// The header row.
    var columns: [String] {
        switch self {
        case .transactionHistory:
            [
                "earningId", "participantId", "participantIdType", "participantName", "partnerCountryCode",
                "programName", "transactionId", "transactionCurrency", "transactionDate", "transactionAmount",
                "transactionAmountUSD", "lever", "engagementName", "earningRate", "quantity", "earningType",
                "earningAmount", "earningAmountUSD", "earningDate", "payableSubType", "payoutStatus", "paymentId",
                "customerId", "customerName", "customerCountry", "productName", "subscriptionId", "invoiceNumber",
                "transactionType", "description",
            ]
        case .payments:
            [
                "paymentId", "participantId", "participantIdType", "participantName", "programName",
                "payoutOrderType", "earned", "earnedUSD", "withheldTax", "salesTax", "serviceFeeTax", "totalPayment",
                "currencyCode", "paymentMethod", "paymentStatus", "payoutStatusUpdateTS", "paymentDate",
                "ciReferenceNumber", "description",
            ]
        }
    }

    /// Appends the fields of one made-up row, without its end.
    func appendRow(to row: inout RowWriter, using random: inout SplitMix64) {
        switch self {
        case .transactionHistory: appendEarning(to: &row, using: &random)
        case .payments: appendPayment(to: &row, using: &random)
        }
    }

    private func appendEarning(to row: inout RowWriter, using random: inout SplitMix64) {
        let cents = random.below(10_000_000) + 100
        let rate = random.below(20) + 1
        let earned = cents * rate / 100
        let date = Self.date(using: &random)
        let status = random.pick(Self.payoutStatuses)
        row.field(GUID(using: &random))
        row.field(4_000_000 + random.below(1000), digits: 7)
        row.field("MPN")
        row.quotedField(random.pick(Self.partners))
        row.field(random.pick(Self.countries))
        row.field(random.pick(Self.programs))
        row.field(random.next(), digits: 18)
        row.field(random.pick(Self.currencies))
        row.field(date)
        row.amount(cents: cents)
        row.amount(cents: cents * 108 / 100)
        row.field(random.pick(Self.levers))
        row.field(random.pick(Self.engagements))
        row.amount(cents: rate)
        row.field(random.below(250) + 1, digits: 3)
        row.field("Rate")
        row.amount(cents: earned)
        row.amount(cents: earned * 108 / 100)
        row.field(date + Int64(random.below(20)) * 86_400 * Timestamp.nanosecondsPerSecond)
        row.field(random.pick(Self.orderTypes))
        row.field(status)
        row.field(random.next(), digits: 12)
        row.field(GUID(using: &random))
        row.quotedField(random.pick(Self.customers))
        row.field(random.pick(Self.countries))
        row.field(random.pick(Self.products))
        row.field(GUID(using: &random))
        row.field(random.next(), digits: 10)
        row.field("Billed usage")
        row.field("Earned on billed revenue ")
    }

    private func appendPayment(to row: inout RowWriter, using random: inout SplitMix64) {
        let earned = random.below(50_000_000) + 5000
        let withheld = earned * random.below(15) / 100
        let salesTax = earned * random.below(20) / 100
        let date = Self.date(using: &random)
        row.field(random.next(), digits: 12)
        row.field(4_000_000 + random.below(1000), digits: 7)
        row.field("MPN")
        row.quotedField(random.pick(Self.partners))
        row.field(random.pick(Self.programs))
        row.field(random.pick(Self.orderTypes))
        row.amount(cents: earned)
        row.amount(cents: earned * 108 / 100)
        row.amount(cents: withheld)
        row.amount(cents: salesTax)
        row.amount(cents: 0)
        row.amount(cents: earned - withheld + salesTax)
        row.field(random.pick(Self.currencies))
        row.field(random.pick(Self.methods))
        row.field(random.pick(Self.payoutStatuses))
        row.field(date)
        row.field(date)
        row.field(random.next(), digits: 10)
        row.field("Payment of earnings ")
    }

    /// A second between January 2023 and May 2026.
    private static func date(using random: inout SplitMix64) -> Timestamp {
        let second = 1_672_531_200 + Int64(random.below(107_000_000))
        return Timestamp(nanoseconds: second * Timestamp.nanosecondsPerSecond)
    }

    private static let partners: [StaticString] = ["Contoso, Ltd.", "Fabrikam Services", "Northwind Cloud, Inc."]
    private static let countries: [StaticString] = ["US", "DE", "FR", "GB", "JP", "BR", "SE", "IN"]
    private static let currencies: [StaticString] = ["USD", "EUR", "GBP", "JPY"]
    private static let programs: [StaticString] = [
        "CSP Direct Bill Partner", "CSP 2T Indirect Provider", "CSP Indirect Reseller",
    ]
    private static let levers: [StaticString] = [
        "CSP Direct Partner: Core", "CSP Direct Partner: Strategic Product Accelerator Tier 1",
        "CSP Indirect Provider: Global Customer Add",
    ]
    private static let engagements: [StaticString] = [
        "Azure CSP motion incentives - Indirect Provider", "Modern Work CSP motion incentives - Direct Bill",
    ]
    private static let orderTypes: [StaticString] = ["REBATE", "COOP", "FEE", "SELL"]
    private static let payoutStatuses: [StaticString] = ["SENT", "UPCOMING", "IN PROGRESS"]
    private static let methods: [StaticString] = ["Electronic Bank Transfer", "Credit Note"]
    private static let customers: [StaticString] = [
        "Adventure Works, GmbH", "Tailspin Toys", "Wide World Importers, Inc.", "Proseware", "Lucerne Publishing, AG",
    ]
    private static let products: [StaticString] = [
        "Azure plan", "Microsoft 365 Business Premium", "Dynamics 365 Sales Enterprise", "Windows 365 Enterprise",
    ]
}

extension SplitMix64 {
    fileprivate mutating func pick(_ texts: [StaticString]) -> StaticString {
        texts[Int(below(UInt64(texts.count)))]
    }
}
