import Foundation
import Testing

@testable import KafkaClient

@Suite struct TCPConnectionTests {
    @Test func hostIsRefusedWhenAllItsReachableAddressesAre() {
        #expect(TCPConnection.isRefusal([ECONNREFUSED, ECONNREFUSED]))
        #expect(TCPConnection.isRefusal([ECONNREFUSED, EADDRNOTAVAIL]), "a machine without IPv6")
        #expect(!TCPConnection.isRefusal([ETIMEDOUT, ECONNREFUSED]), "a process may listen at the first address")
        #expect(!TCPConnection.isRefusal([EADDRNOTAVAIL]))
        #expect(!TCPConnection.isRefusal([]))
    }

    @Test(
        arguments: [
            ("kafka", "kafka", 9_092), ("kafka:9093", "kafka", 9_093), (" SASL_SSL://kafka:9094 ", "kafka", 9_094),
            ("[::1]", "::1", 9_092), ("[::1]:9095", "::1", 9_095), ("PLAINTEXT://[fe80::1]:9096", "fe80::1", 9_096),
        ] as [(String, String, Int32)]
    )
    func bootstrapServerHasHostAndPort(server: String, host: String, port: Int32) {
        let address = KafkaAdmin.address(server[...])
        #expect(address.host == host)
        #expect(address.port == port)
    }
}
