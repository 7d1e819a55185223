import Glibc

/// One client of a server of a test, from the greeting to the end; blocks its thread.
struct ServerSession {
    let fd: Int32
    let script: ServerScript
    let server: ScriptedServer
    private var sentBytes = 0
    private var skipsZeroes = true

    private static let requestMagic: UInt64 = 0x2560_9513

    init(fd: Int32, script: ServerScript, server: ScriptedServer) {
        self.fd = fd
        self.script = script
        self.server = server
    }

    /// Serves until one side hangs up.
    mutating func run() {
        guard send(script.greeting), let flags = receive(4) else { return }
        skipsZeroes = flags[3] & 2 != 0
        while let magic = receive(4) {
            let goesOn =
                Wire.number(magic) == Self.requestMagic ? serveCommand() : serveOption()
            guard goesOn else { return }
        }
    }

    private mutating func serveOption() -> Bool {
        guard let rest = receive(12), let _ = receive(Int(Wire.number(rest[8..<12]))) else {
            return false
        }
        let option = UInt32(Wire.number(rest[4..<8]))
        let honest = script.honest(option, skipsZeroes: skipsZeroes)
        guard let answer = script.answer(option, honest) else { return false }
        return send(answer)
    }

    private mutating func serveCommand() -> Bool {
        guard let head = receive(24) else { return false }
        let command = ServerCommand(
            flags: UInt16(Wire.number(head[0..<2])),
            type: UInt16(Wire.number(head[2..<4])),
            cookie: Wire.number(head[4..<12]),
            offset: Wire.number(head[12..<20]),
            length: UInt32(Wire.number(head[20..<24]))
        )
        guard command.type != ServerCommand.disconnect else { return false }
        let isWrite = command.type == ServerCommand.write
        guard let payload = receive(isWrite ? Int(command.length) : 0) else { return false }
        let brought = server.perform(command, payload)
        let honest = script.honest(command, data: brought.data, extents: brought.extents)
        guard let reply = script.reply(command, honest) else { return false }
        return send(reply)
    }

    private mutating func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(min(script.pieceBytes, script.bytesMax - sentBytes))
            guard !piece.isEmpty else { return false }
            let count = piece.withUnsafeBytes {
                Glibc.send(fd, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sentBytes += count
            rest = rest.dropFirst(count)
        }
        return sentBytes < script.bytesMax
    }

    private func receive(_ count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        var received = 0
        while received < count {
            let result = bytes.withUnsafeMutableBytes {
                recv(fd, $0.baseAddress.map { $0 + received }, count - received, 0)
            }
            if result < 0, errno == EINTR { continue }
            guard result > 0 else { return nil }
            received += result
        }
        return bytes
    }
}
