import BlockGraph
import GraphModel
import RingLoop
import Testing

@Suite("Memory of an image's tables", .enabled(if: TemporaryDirectory.has("qemu-io")))
struct CacheCleaningTests {
    private static let second: UInt64 = 1_000_000_000

    /// A loop's time, which only the test moves, on that loop's thread.
    private final class LoopTime: Sendable {
        private let loop: EventLoop
        private nonisolated(unsafe) let clock: UnsafeMutablePointer<UInt64>

        init(_ loop: EventLoop) {
            self.loop = loop
            clock = .allocate(capacity: 1)
            clock.initialize(to: MonotonicClock.now)
            loop.post { [self] in MonotonicClock.simulateOnThisThread(UnsafePointer(clock)) }
        }

        deinit { clock.deallocate() }

        func pass(_ nanoseconds: UInt64) async {
            await turn { [self] in clock.pointee += nanoseconds }
            // Timers are looked at in each turn; what was posted after the move is run behind one.
            for _ in 0..<2 { await turn {} }
        }

        func end() async { await turn { MonotonicClock.simulateOnThisThread(nil) } }

        private func turn(_ body: @escaping @Sendable () -> Void) async {
            await withCheckedContinuation { continuation in
                loop.post {
                    body()
                    continuation.resume()
                }
            }
        }
    }

    private func image(in directory: TemporaryDirectory) throws -> String {
        let path = directory.path + "/image"
        let made = TemporaryDirectory.shell(
            "qemu-img create -q -f qcow2 \(path) 1M && qemu-io -c 'write -P 7 0 64k' \(path)"
        )
        try #require(made.status == 0, "\(made.output)")
        return path
    }

    /// Takes the first cluster out of the image behind the back of who has it open.
    private func forgetFirstCluster(of path: String) {
        let script = """
            import sys
            f = open(sys.argv[1], 'r+b')
            def word(place):
                f.seek(place)
                return int.from_bytes(f.read(8), 'big') & 0x00fffffffffffe00
            table = word(word(40))
            f.seek(table)
            f.write(bytes(8))
            """
        let done = TemporaryDirectory.shell("python3 -c \"\(script)\" \(path)")
        #expect(done.status == 0, "\(done.output)")
    }

    private func firstByte(_ bench: DriverBench) async -> UInt8? {
        await bench.ask(.read, 0, 4096).bytes.first
    }

    @Test("tables without a use for a whole cache-clean-interval go, and are read anew")
    func cleaning() async throws {
        let directory = try TemporaryDirectory()
        let path = try image(in: directory)
        let stack = try ImageStack.open(
            path,
            isReadOnly: true,
            options: [("cache-clean-interval", .integer(Int64(10 * Self.second)))]
        )
        try await DriverBench.run(stack) { bench in
            let time = LoopTime(bench.loop)
            #expect(await firstByte(bench) == 7)
            forgetFirstCluster(of: path)
            await time.pass(9 * Self.second)
            #expect(await firstByte(bench) == 7)
            // The interval ends: what was used in it stays for another.
            await time.pass(2 * Self.second)
            #expect(await firstByte(bench) == 7)
            await time.pass(10 * Self.second)
            await time.pass(10 * Self.second)
            #expect(await firstByte(bench) == 0)
            await time.end()
        }
    }

    @Test("without cache-clean-interval tables stay")
    func staying() async throws {
        let directory = try TemporaryDirectory()
        let path = try image(in: directory)
        let stack = try ImageStack.open(path, isReadOnly: true)
        try await DriverBench.run(stack) { bench in
            let time = LoopTime(bench.loop)
            #expect(await firstByte(bench) == 7)
            forgetFirstCluster(of: path)
            for _ in 0..<3 { await time.pass(3600 * Self.second) }
            #expect(await firstByte(bench) == 7)
            await time.end()
        }
    }
}
