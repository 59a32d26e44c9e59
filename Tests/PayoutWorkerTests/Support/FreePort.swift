/// A port on loopback that no process listens on.
func freePort() throws -> Int {
    let socket = try LoopbackSocket(isListening: false)
    defer { socket.close() }
    return Int(socket.port)
}
