internal import Glibc
internal import RingLoop
internal import Synchronization
internal import Testing

@Suite("Kernel operations")
struct KernelTests {
    @Test("bytes go through a socket pair with send and receive")
    func sockets() async throws {
        let pair = try SocketPair()
        try await withLoop { loop in
            let (near, far) = (pair.near, pair.far)
            let memory = Memory(lengthBytes: 4096)
            async let received = loop.result { kernel, ticket in
                kernel.receive(fd: far, buffer: memory.pointer, length: 100, ticket: ticket)
            }
            let sent = await loop.result { kernel, ticket in
                memory.fill(0x5A, at: 2048, count: 100)
                kernel.send(fd: near, buffer: memory.pointer + 2048, length: 100, ticket: ticket)
            }
            #expect(sent == 100)
            #expect(await received == 100)
            #expect(
                await loop.perform { memory.bytes(at: 0, count: 100) }
                    == .init(repeating: 0x5A, count: 100)
            )
        }
    }

    @Test("sending to a closed peer is EPIPE and no signal")
    func brokenPipe() async throws {
        let pair = try SocketPair()
        shutdown(pair.far, Int32(SHUT_RDWR))
        try await withLoop { loop in
            let near = pair.near
            let memory = Memory(lengthBytes: 4096)
            let result = await loop.result { kernel, ticket in
                kernel.send(fd: near, buffer: memory.pointer, length: 100, ticket: ticket)
            }
            #expect(result == -EPIPE)
        }
    }

    @Test("a file keeps what was written, and can be synced, allocated and read past its end")
    func files() async throws {
        let file = try NamelessFile()
        try await withLoop { loop in
            let fd = file.number
            let memory = Memory(lengthBytes: 8192)
            memory.fill(7, at: 0, count: 4096)
            let written = await loop.result { kernel, ticket in
                kernel.write(
                    fd: fd,
                    buffer: memory.pointer,
                    length: 4096,
                    offset: 4096,
                    ticket: ticket
                )
            }
            let synced = await loop.result { $0.sync(fd: fd, dataOnly: true, ticket: $1) }
            let allocated = await loop.result {
                $0.allocate(fd: fd, mode: 0, offset: 0, length: 16_384, ticket: $1)
            }
            let read = await loop.result { kernel, ticket in
                kernel.read(
                    fd: fd,
                    buffer: memory.pointer + 4096,
                    length: 4096,
                    offset: 4096,
                    ticket: ticket
                )
            }
            let past = await loop.result { kernel, ticket in
                kernel.read(
                    fd: fd,
                    buffer: memory.pointer,
                    length: 4096,
                    offset: 1 << 30,
                    ticket: ticket
                )
            }
            #expect([written, synced, allocated, read, past] == [4096, 0, 0, 4096, 0])
            #expect(memory.bytes(at: 4096, count: 4096) == .init(repeating: 7, count: 4096))
        }
    }

    @Test("splice moves a file's bytes into a socket without a buffer of ours")
    func splice() async throws {
        let file = try NamelessFile()
        let pair = try SocketPair()
        let pipe = try Pipe()
        #expect(pwrite(file.number, "sluice", 6, 0) == 6)
        try await withLoop { loop in
            let (fd, near) = (file.number, pair.near)
            let (reading, writing) = (pipe.reading, pipe.writing)
            let filled = await loop.result {
                $0.splice(
                    in: fd,
                    offsetIn: 0,
                    out: writing,
                    offsetOut: -1,
                    length: 6,
                    flags: 0,
                    ticket: $1
                )
            }
            let emptied = await loop.result {
                $0.splice(
                    in: reading,
                    offsetIn: -1,
                    out: near,
                    offsetOut: -1,
                    length: 6,
                    flags: 0,
                    ticket: $1
                )
            }
            #expect([filled, emptied] == [6, 6])
        }
        var text = [UInt8](repeating: 0, count: 16)
        #expect(recv(pair.far, &text, 16, 0) == 6)
        #expect(text.prefix(6).elementsEqual("sluice".utf8))
    }

    @Test("10,000 operations fit into a ring of 64, and each completes once")
    func overflow() async throws {
        try await withLoop(entryCount: 64) { loop in
            let count = 10_000
            let completed = Journal<Int>()
            await withCheckedContinuation { continuation in
                let left = Counter(count)
                loop.post {
                    for number in 0..<count {
                        let pending = Pending { result in
                            #expect(result == 0)
                            completed.append(number)
                            if left.countDown() { continuation.resume() }
                        }
                        loop.kernel.nop(ticket: pending.ticket)
                    }
                }
            }
            #expect(completed.entries.sorted() == Array(0..<count))
            // Only the loop's own wait for a wake-up is left.
            #expect(await loop.perform { loop.kernel.inFlightCount } == 1)
        }
    }

    @Test("more waits than the completion queue holds all end, with bytes or cancelled")
    func manyPolls() async throws {
        let pipe = try Pipe()
        let count = 2_000
        let results = Journal<Int32>()
        try await withLoop(entryCount: 16) { loop in
            let (reading, writing) = (pipe.reading, pipe.writing)
            await withCheckedContinuation { continuation in
                let left = Counter(count)
                loop.post {
                    for _ in 0..<count {
                        let pending = Pending { result in
                            results.append(result)
                            if left.countDown() { continuation.resume() }
                        }
                        loop.kernel.poll(
                            fd: reading,
                            events: UInt32(POLLIN),
                            ticket: pending.ticket
                        )
                    }
                    loop.post { #expect(write(writing, "x", 1) == 1) }
                }
            }
        }
        #expect(results.entries.count == count)
        #expect(results.entries.allSatisfy { $0 == POLLIN })
    }

    @Test("a cancelled operation ends with ECANCELED")
    func cancel() async throws {
        let pipe = try Pipe()
        try await withLoop { loop in
            let reading = pipe.reading
            let result = await loop.result { kernel, ticket in
                kernel.poll(fd: reading, events: UInt32(POLLIN), ticket: ticket)
                let target = TicketBox(ticket)
                loop.post { loop.kernel.cancel(target.ticket) }
            }
            #expect(result == -ECANCELED)
        }
    }

    @Test("a wrong descriptor is a result, not a trap")
    func wrongDescriptor() async throws {
        try await withLoop { loop in
            let result = await loop.result { $0.sync(fd: 99_999, dataOnly: false, ticket: $1) }
            #expect(result == -EBADF)
        }
    }

    @Test("a listening socket accepts, and the descriptor does not block")
    func accept() async throws {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(client) }
        withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                #expect(bind(listener, address, length) == 0)
                #expect(listen(listener, 1) == 0)
                #expect(getsockname(listener, address, &length) == 0)
                #expect(connect(client, address, length) == 0)
            }
        }
        let accepted = try await withLoop { loop in
            await loop.result { $0.accept(fd: listener, ticket: $1) }
        }
        try #require(accepted >= 0)
        #expect(fcntl(accepted, F_GETFL) & O_NONBLOCK != 0)
        close(accepted)
    }
}

/// Aligned memory that crosses threads one after the other.
// The tests touch it only while no operation uses it; it is a constant pointer.
private final class Memory: @unchecked Sendable {
    private let memory: AlignedMemory

    init(lengthBytes: Int) {
        memory = AlignedMemory(lengthBytes: lengthBytes)
        memory.pointer.initializeMemory(as: UInt8.self, repeating: 0, count: lengthBytes)
    }

    var pointer: UnsafeMutableRawPointer { memory.pointer }

    func fill(_ byte: UInt8, at offset: Int, count: Int) {
        (pointer + offset).initializeMemory(as: UInt8.self, repeating: byte, count: count)
    }

    func bytes(at offset: Int, count: Int) -> [UInt8] {
        Array(memory.bytes[offset..<offset + count])
    }
}

/// Counts down from several closures.
private final class Counter: Sendable {
    private let left: Atomic<Int>

    init(_ count: Int) { left = Atomic(count) }

    func countDown() -> Bool { left.subtract(1, ordering: .relaxed).newValue == 0 }
}

/// Carries a ticket's address into a later job.
// Only the loop's thread reads it.
private struct TicketBox: @unchecked Sendable {
    let ticket: UnsafeMutablePointer<KernelTicket>

    init(_ ticket: UnsafeMutablePointer<KernelTicket>) { self.ticket = ticket }
}
