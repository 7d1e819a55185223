import Glibc

/// A client that batches as a busy virtual machine does, and costs as little as it can.
///
/// A turn sends a full queue of requests in one call and receives until all are answered. While it
/// waits it looks again and again, without sleeping: on virtual machines waking an idle processor
/// costs 30 to 60 microseconds, ten times a request, and would hide what the servers cost.
/// Payloads are neither made nor copied: a request's frame keeps its payload from the start, and
/// what is received lands in one buffer that is used again and again. A turn allocates nothing.
struct BatchingClient: ~Copyable {
    /// What was done in one measured interval.
    struct Interval {
        var operations: UInt64 = 0
        var nanoseconds: UInt64 = 0
    }

    private static let requestMagic: UInt32 = 0x2560_9513
    private static let requestHeaderBytes = 28
    /// Small enough for the second-level cache, large enough for a full queue of 4 KiB replies.
    private static let inputBytes = 256 << 10

    private let connection: NBDConnection
    private let workload: Workload
    private let blocks: UInt64
    private let frameBytes: Int
    /// `depth` requests behind each other: header, then payload if the request carries one.
    private let frames: UnsafeMutableRawPointer
    private let input: UnsafeMutableRawPointer
    private var replies: ReplyReader
    private var random: UInt64 = 0x9e37_79b9_7f4a_7c15
    private var nextBlock: UInt64 = 0
    private var queued = 0
    private var inFlight = 0

    /// Prepares the requests of one workload on a connection that nobody else uses.
    init(connection: consuming NBDConnection, workload: Workload) {
        let blocks = connection.exportBytes / UInt64(workload.blockBytes)
        precondition(blocks > 0, "the export is smaller than one block")
        precondition(workload.depth <= ReplyReader.slotsMax, "depth \(workload.depth) is too deep")
        let payloadBytes = workload.operation == .write ? workload.blockBytes : 0
        self.connection = connection
        self.workload = workload
        self.blocks = blocks
        frameBytes = Self.requestHeaderBytes + payloadBytes
        frames = .allocate(byteCount: frameBytes * workload.depth, alignment: 4096)
        input = .allocate(byteCount: Self.inputBytes, alignment: 4096)
        replies = ReplyReader(
            slots: workload.depth,
            payloadBytes: workload.operation == .read ? workload.blockBytes : 0
        )
        prepareFrames()
    }

    deinit {
        frames.deallocate()
        input.deallocate()
    }

    /// The process at the other end of the socket.
    var serverProcess: pid_t? { connection.serverProcess }

    /// Sends full queues for a time; the last one is waited for.
    mutating func run(
        nanoseconds: UInt64,
        recordingInto histogram: inout LatencyHistogram
    ) throws(BenchmarkError) -> Interval {
        let begin = Self.now()
        let deadline = begin + nanoseconds
        var interval = Interval()
        for slot in 0..<workload.depth { enqueue(slot: slot, now: begin) }
        try sendQueued()
        while inFlight > 0 {
            let received = try receive()
            let now = Self.now()
            try replies.take(input, count: received)
            var done = replies.popFinished()
            while done >= 0 {
                inFlight -= 1
                interval.operations += 1
                histogram.record(now &- replies.started(slot: done))
                if now < deadline { enqueue(slot: done, now: now) }
                done = replies.popFinished()
            }
            if queued > 0 && queued == inFlight { try sendQueued() }
        }
        interval.nanoseconds = Self.now() - begin
        return interval
    }

    private borrowing func prepareFrames() {
        // Pseudo-random payload, so that nothing on the way can find it to be zeroes.
        var state: UInt64 = 88_172_645_463_325_252
        for offset in stride(from: 0, to: frameBytes * workload.depth - 7, by: 8) {
            state = Self.scramble(state)
            frames.storeBytes(of: state, toByteOffset: offset, as: UInt64.self)
        }
        for index in 0..<workload.depth {
            let frame = frames + index * frameBytes
            frame.storeBytes(of: Self.requestMagic.bigEndian, as: UInt32.self)
            frame.storeBytes(of: 0, toByteOffset: 4, as: UInt16.self)
            let command = workload.operation.rawValue.bigEndian
            frame.storeBytes(of: command, toByteOffset: 6, as: UInt16.self)
            let length = UInt32(workload.blockBytes).bigEndian
            frame.storeBytes(of: length, toByteOffset: 24, as: UInt32.self)
        }
    }

    @inline(__always)
    private mutating func enqueue(slot: Int, now: UInt64) {
        let block: UInt64
        switch workload.pattern {
        case .random:
            random = Self.scramble(random)
            block = random.multipliedFullWidth(by: blocks).high
        case .sequential:
            block = nextBlock
            nextBlock = nextBlock + 1 == blocks ? 0 : nextBlock + 1
        }
        let frame = frames + queued &* frameBytes
        frame.storeBytes(
            of: replies.begin(slot: slot, now: now),
            toByteOffset: 8,
            as: UInt64.self
        )
        frame.storeBytes(
            of: (block &* UInt64(workload.blockBytes)).bigEndian,
            toByteOffset: 16,
            as: UInt64.self
        )
        queued &+= 1
        inFlight &+= 1
    }

    private mutating func sendQueued() throws(BenchmarkError) {
        let total = queued &* frameBytes
        var sent = 0
        while sent < total {
            let result = Glibc.send(
                connection.descriptor,
                frames + sent,
                total - sent,
                Int32(MSG_NOSIGNAL)
            )
            if result > 0 {
                sent += result
            } else if errno != EINTR {
                throw BenchmarkError("sending failed: \(String(cString: strerror(errno)))")
            }
        }
        queued = 0
    }

    private borrowing func receive() throws(BenchmarkError) -> Int {
        while true {
            let result = recv(connection.descriptor, input, Self.inputBytes, Int32(MSG_DONTWAIT))
            if result > 0 { return result }
            if result == 0 { throw BenchmarkError("the server closed the connection") }
            if errno == EAGAIN {
                sched_yield()
            } else if errno != EINTR {
                throw BenchmarkError("receiving failed: \(String(cString: strerror(errno)))")
            }
        }
    }

    @inline(__always)
    private static func now() -> UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }

    @inline(__always)
    private static func scramble(_ value: UInt64) -> UInt64 {
        var value = value
        value ^= value << 13
        value ^= value >> 7
        value ^= value << 17
        return value
    }
}
