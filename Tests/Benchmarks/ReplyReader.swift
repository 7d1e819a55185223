/// Reads replies out of a stream of bytes that may be cut anywhere, and matches them to requests.
///
/// ```
/// header ── read, payload follows ──▶ payload ── all of it arrived ──▶ header
///    └───── nothing follows ──────────────────────────────────────────▶ header
/// ```
/// - SeeAlso: The NBD protocol document, "Simple reply message", "Structured reply chunk message".
struct ReplyReader: ~Copyable {
    /// A cookie's lowest byte is its slot.
    static let slotsMax = 256

    private static let simpleMagic: UInt32 = 0x6744_6698
    private static let structuredMagic: UInt32 = 0x668e_33ef
    private static let simpleBytes = 16
    private static let structuredBytes = 20
    private static let chunkNone: UInt16 = 0
    private static let chunkData: UInt16 = 1
    private static let chunkHole: UInt16 = 2
    /// A data chunk begins with the offset of its data.
    private static let chunkOffsetBytes = 8

    private let slots: Int
    private let payloadBytes: Int
    /// By slot: the cookie of the request in flight, 0 when there is none.
    private let cookies: UnsafeMutablePointer<UInt64>
    /// By slot: when the request was made.
    private let starts: UnsafeMutablePointer<UInt64>
    /// By slot: payload that structured chunks have still to bring.
    private let owed: UnsafeMutablePointer<Int>
    private let finished: UnsafeMutablePointer<Int>
    private var finishedCount = 0
    /// Holds a header that came in two pieces.
    private let held: UnsafeMutableRawPointer
    private var heldBytes = 0
    private var skipBytes = 0
    private var endingSlot = -1
    private var serial: UInt64 = 0

    /// Makes room for the requests that may be in flight.
    ///
    /// `payloadBytes` is what the answer to each request brings: the block of a read, or 0.
    init(slots: Int, payloadBytes: Int) {
        self.slots = slots
        self.payloadBytes = payloadBytes
        cookies = .allocate(capacity: slots)
        cookies.initialize(repeating: 0, count: slots)
        starts = .allocate(capacity: slots)
        starts.initialize(repeating: 0, count: slots)
        owed = .allocate(capacity: slots)
        owed.initialize(repeating: 0, count: slots)
        finished = .allocate(capacity: slots)
        finished.initialize(repeating: 0, count: slots)
        held = .allocate(byteCount: Self.structuredBytes, alignment: 8)
    }

    deinit {
        cookies.deallocate()
        starts.deallocate()
        owed.deallocate()
        finished.deallocate()
        held.deallocate()
    }

    /// Opens a slot for a new request and returns the cookie to send.
    @inline(__always)
    mutating func begin(slot: Int, now: UInt64) -> UInt64 {
        serial &+= 1
        let cookie = serial << 8 | UInt64(truncatingIfNeeded: slot)
        cookies[slot] = cookie
        starts[slot] = now
        owed[slot] = payloadBytes
        return cookie
    }

    /// When the request in a slot was made.
    @inline(__always)
    func started(slot: Int) -> UInt64 { starts[slot] }

    /// A slot whose request has been answered wholly, or -1.
    @inline(__always)
    mutating func popFinished() -> Int {
        guard finishedCount > 0 else { return -1 }
        finishedCount &-= 1
        return finished[finishedCount]
    }

    /// Takes what one receive brought.
    mutating func take(_ bytes: UnsafeMutableRawPointer, count: Int) throws(BenchmarkError) {
        var cursor = bytes
        var left = count
        while left > 0 {
            if skipBytes > 0 {
                let step = min(skipBytes, left)
                cursor += step
                left &-= step
                skipBytes &-= step
                if skipBytes == 0 { finishEndingSlot() }
                continue
            }
            if heldBytes == 0, left >= Self.structuredBytes {
                let used = try readHeader(cursor)
                cursor += used
                left &-= used
            } else {
                held.storeBytes(
                    of: cursor.load(as: UInt8.self),
                    toByteOffset: heldBytes,
                    as: UInt8.self
                )
                cursor += 1
                left &-= 1
                heldBytes &+= 1
                if heldBytes == heldHeaderBytes {
                    heldBytes = 0
                    _ = try readHeader(held)
                }
            }
        }
    }

    /// How long the held header is; its magic decides once that is there.
    private var heldHeaderBytes: Int {
        guard heldBytes >= 4 else { return Self.structuredBytes }
        let magic = UInt32(bigEndian: held.loadUnaligned(as: UInt32.self))
        return magic == Self.simpleMagic ? Self.simpleBytes : Self.structuredBytes
    }

    /// Reads one header and returns its length.
    private mutating func readHeader(
        _ header: UnsafeMutableRawPointer
    ) throws(BenchmarkError) -> Int {
        switch UInt32(bigEndian: header.loadUnaligned(as: UInt32.self)) {
        case Self.simpleMagic:
            let error = UInt32(bigEndian: header.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
            guard error == 0 else { throw BenchmarkError("a request failed with error \(error)") }
            let slot = try slot(of: header.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            skip(owed[slot], thenFinish: slot)
            return Self.simpleBytes
        case Self.structuredMagic:
            try readChunk(header)
            return Self.structuredBytes
        default:
            throw BenchmarkError("a reply does not begin with the magic of one")
        }
    }

    private mutating func readChunk(
        _ header: UnsafeMutableRawPointer
    ) throws(BenchmarkError) {
        let flags = UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 4, as: UInt16.self))
        let kind = UInt16(bigEndian: header.loadUnaligned(fromByteOffset: 6, as: UInt16.self))
        let slot = try slot(of: header.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
        let length = UInt32(bigEndian: header.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
        switch kind {
        case Self.chunkNone: break
        case Self.chunkData:
            // Not `-=`: with the thread sanitizer on, Swift 6.3.1 emits a broken module for it.
            owed[slot] = owed[slot] - (Int(length) - Self.chunkOffsetBytes)
        // A hole's length comes in its payload, which is skipped; it may stand for all that is owed.
        case Self.chunkHole: owed[slot] = 0
        default: throw BenchmarkError("a request failed with a chunk of type \(kind)")
        }
        let isLast = flags & 1 == 1
        guard !isLast || owed[slot] == 0 else {
            throw BenchmarkError("a structured reply ended \(owed[slot]) bytes early")
        }
        skip(Int(length), thenFinish: isLast ? slot : -1)
    }

    @inline(__always)
    private func slot(of cookie: UInt64) throws(BenchmarkError) -> Int {
        let slot = Int(cookie & 0xff)
        guard slot < slots, cookies[slot] == cookie else {
            throw BenchmarkError("a reply has a cookie that no request in flight has")
        }
        return slot
    }

    @inline(__always)
    private mutating func skip(_ count: Int, thenFinish slot: Int) {
        skipBytes = count
        endingSlot = slot
        if count == 0 { finishEndingSlot() }
    }

    @inline(__always)
    private mutating func finishEndingSlot() {
        guard endingSlot >= 0 else { return }
        cookies[endingSlot] = 0
        finished[finishedCount] = endingSlot
        finishedCount &+= 1
        endingSlot = -1
    }
}
