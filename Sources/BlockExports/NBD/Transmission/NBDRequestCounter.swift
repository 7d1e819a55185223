/// Counts the requests in a stream of bytes that comes in pieces, by their headers.
struct NBDRequestCounter {
    /// Requests whose header is whole and that will be answered.
    private(set) var count: Int
    /// Bytes of a payload that come before the next header.
    private var restBytes: Int
    private var header: [UInt8] = []
    private var isBroken = false

    /// Begins at a header, or within the payload of a request that counts.
    init(inPayloadOf count: Int = 0, restBytes: Int = 0) {
        self.count = count
        self.restBytes = restBytes
    }

    /// Takes the next piece of the stream.
    mutating func read(_ bytes: UnsafeRawBufferPointer) {
        var place = 0
        while place < bytes.count, !isBroken {
            let skipped = min(restBytes, bytes.count - place)
            restBytes -= skipped
            place += skipped
            let wanted = min(NBDCommand.headerBytes - header.count, bytes.count - place)
            header += bytes[place..<place + wanted]
            place += wanted
            if header.count == NBDCommand.headerBytes { takeHeader() }
        }
    }

    private mutating func takeHeader() {
        let command = header.withUnsafeBytes { bytes in
            bytes.baseAddress.flatMap { NBDCommand(at: $0) }
        }
        header.removeAll(keepingCapacity: true)
        guard let command else {
            isBroken = true
            return
        }
        if command.type != .disconnect { count += 1 }
        restBytes = command.payloadBytes
    }
}
