/// The name of a request in metrics and spans: method and URL template, without ids and queries.
package struct HTTPRoute: Sendable, Hashable {
    package let method: String
    package let template: String

    package init(_ method: String, _ template: String) {
        self.method = method
        self.template = template
    }
}
