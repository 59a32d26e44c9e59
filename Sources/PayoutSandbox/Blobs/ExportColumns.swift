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
    ///
    /// - Parameter rule: What the fields that filters can name must be; nil for any values.
    func appendRow(to row: inout RowWriter, following rule: RowRule? = nil, using random: inout SplitMix64) {
        switch self {
        case .transactionHistory: appendEarning(to: &row, rule, using: &random)
        case .payments: appendPayment(to: &row, rule, using: &random)
        }
    }

    /// The text that a rule demands, or one of the usual ones.
    private func append(
        _ field: FilterableField,
        _ usual: [StaticString],
        to row: inout RowWriter,
        _ rule: RowRule?,
        using random: inout SplitMix64
    ) {
        if let text = rule?.text(field, using: &random) { return row.anyField(text) }
        row.field(random.pick(usual))
    }

    /// The identifier that a rule demands, or a random one.
    private func append(
        _ field: FilterableField,
        digits: Int,
        to row: inout RowWriter,
        _ rule: RowRule?,
        using random: inout SplitMix64
    ) {
        if let text = rule?.text(field, using: &random) { return row.anyField(text) }
        row.field(field == .paymentId ? random.next() : 4_000_000 + random.below(1000), digits: digits)
    }

    private func appendEarning(to row: inout RowWriter, _ rule: RowRule?, using random: inout SplitMix64) {
        var cents = Int64(random.below(10_000_000) + 100)
        if let demanded = rule?.number(.transactionAmount, using: &random) { cents = demanded }
        let rate = Int64(random.below(20) + 1)
        let earned = rule?.number(.earningAmount, using: &random) ?? cents * rate / 100
        let demandedDate = rule?.number(.earningForDate, using: &random)
        let date = demandedDate.map { Timestamp(seconds: $0) } ?? Self.date(using: &random)
        let status = random.pick(Self.payoutStatuses)
        row.field(GUID(using: &random))
        append(.enrollmentParticipantId, digits: 7, to: &row, rule, using: &random)
        row.field("MPN")
        row.quotedField(random.pick(Self.partners))
        row.field(random.pick(Self.countries))
        append(.programName, Self.programs, to: &row, rule, using: &random)
        row.field(random.next(), digits: 18)
        row.field(random.pick(Self.currencies))
        row.field(date)
        row.amount(cents: cents)
        row.amount(cents: cents * 108 / 100)
        append(.leverCode, Self.levers, to: &row, rule, using: &random)
        append(.engagementName, Self.engagements, to: &row, rule, using: &random)
        row.amount(cents: rate)
        row.field(random.below(250) + 1, digits: 3)
        row.field("Rate")
        row.amount(cents: earned)
        row.amount(cents: earned * 108 / 100)
        let delay = random.below(20)
        row.field(
            demandedDate == nil ? date + Int64(delay) * 86_400 * Timestamp.nanosecondsPerSecond : date
        )
        append(.payableSubType, Self.orderTypes, to: &row, rule, using: &random)
        if let text = rule?.text(.payoutStatus, using: &random) { row.anyField(text) } else { row.field(status) }
        append(.paymentId, digits: 12, to: &row, rule, using: &random)
        row.field(GUID(using: &random))
        row.quotedField(random.pick(Self.customers))
        row.field(random.pick(Self.countries))
        row.field(random.pick(Self.products))
        row.field(GUID(using: &random))
        row.field(random.next(), digits: 10)
        row.field("Billed usage")
        row.field("Earned on billed revenue ")
    }

    private func appendPayment(to row: inout RowWriter, _ rule: RowRule?, using random: inout SplitMix64) {
        var earned = Int64(random.below(50_000_000) + 5000)
        var withheld = earned * Int64(random.below(15)) / 100
        var salesTax = earned * Int64(random.below(20)) / 100
        if let total = rule?.number(.paymentAmount, using: &random) { (earned, withheld, salesTax) = (total, 0, 0) }
        let demandedDate = rule?.number(.payoutStatusUpdateTS, using: &random)
        let date = demandedDate.map { Timestamp(seconds: $0) } ?? Self.date(using: &random)
        append(.paymentId, digits: 12, to: &row, rule, using: &random)
        append(.enrollmentParticipantId, digits: 7, to: &row, rule, using: &random)
        row.field("MPN")
        row.quotedField(random.pick(Self.partners))
        append(.programName, Self.programs, to: &row, rule, using: &random)
        append(.payoutOrderType, Self.orderTypes, to: &row, rule, using: &random)
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

    /// The texts that a field has in rows without a filter, or examples of them.
    func usualTexts(of field: FilterableField) -> [String] {
        let texts: [StaticString]
        switch field {
        case .enrollmentParticipantId: return (4_000_000..<4_001_000).map { String($0) }
        case .paymentId: return (100_000_000_000..<100_000_000_064).map { String($0 as Int) }
        case .programName: texts = Self.programs
        case .leverCode: texts = Self.levers
        case .engagementName: texts = Self.engagements
        case .payableSubType, .payoutOrderType: texts = Self.orderTypes
        case .payoutStatus: texts = Self.payoutStatuses
        case .earningForDate, .transactionAmount, .earningAmount, .payoutStatusUpdateTS, .paymentAmount: texts = []
        }
        return texts.map { "\($0)" }
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
