import Foundation

/// A port on loopback that no process listens on, of those that the system does not choose itself: another test's connection
/// could take one of these before the process that is to listen on it has started.
func freePort() throws -> Int {
    while true {
        do {
            let socket = try LoopbackSocket(isListening: false, port: .random(in: 10_000..<32_768))
            defer { socket.close() }
            return Int(socket.port)
        } catch let failure as LoopbackSocket.Failure where failure.code == EADDRINUSE {}
    }
}
