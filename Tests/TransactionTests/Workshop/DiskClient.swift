import Simulation

/// An NBD client that waits for each answer, or for none.
final class DiskClient {
    /// What a server said.
    struct Answer: Equatable {
        var errorNumber: UInt32
        var bytes: [UInt8] = []
    }

    private let client: NBDTestClient
    private var cookie: UInt64 = 0

    /// Connects and shakes hands.
    init(_ socketPath: String, export: String) throws {
        client = try NBDTestClient(socketPath)
        try client.enter(export)
    }

    /// Size of the disk as the server told it.
    var sizeBytes: UInt64 { client.sizeBytes }

    /// Reads.
    func read(_ offset: UInt64 = 0, _ length: Int = 512) -> Answer? {
        sendRead(offset, length)
        return answer(payload: length)
    }

    /// Writes.
    func write(_ offset: UInt64 = 0, _ bytes: [UInt8]) -> Answer? {
        sendWrite(offset, bytes)
        return answer(payload: 0)
    }

    /// Sends a write and does not wait.
    func sendWrite(_ offset: UInt64, _ bytes: [UInt8]) {
        command(1, offset, bytes.count)
        client.send(bytes)
    }

    /// Makes everything durable.
    func flush() -> Answer? {
        command(3, 0, 0)
        return answer(payload: 0)
    }

    /// Sends a read and does not wait.
    func sendRead(_ offset: UInt64 = 0, _ length: Int = 512) { command(0, offset, length) }

    /// Sends any command without payload and does not wait.
    func command(_ type: UInt16, _ offset: UInt64, _ length: Int) {
        cookie += 1
        client.send(
            NBDTestClient.command(type, cookie: cookie, offset: offset, length: UInt32(length))
        )
    }

    /// Waits for one answer; nothing when the server has closed.
    func answer(payload length: Int) -> Answer? {
        let head = client.receive(16)
        guard head.count == 16, NBDTestClient.number(head[0..<4]) == 0x6744_6698 else { return nil }
        let error = UInt32(NBDTestClient.number(head[4..<8]))
        guard error == 0 else { return Answer(errorNumber: error) }
        return Answer(errorNumber: 0, bytes: client.receive(length))
    }

    /// Says good-bye; the server need not answer.
    func leave() { command(2, 0, 0) }

    /// Whether an answer is there already.
    var hasAnswer: Bool { client.hasInput }
}
