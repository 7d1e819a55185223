import BlockGraph
import Glibc
import GraphModel
import Testing

@Suite("Malformed images", .enabled(if: TemporaryDirectory.has("qemu-io")), .serialized)
struct MalformedImageTests {
    // That an image takes less than a second and 64 MiB is measured, not asserted here: other tests
    // run beside.

    /// What becomes of an image: refused with words, or served, with errors where it is broken.
    private func serve(_ path: String, isReadOnly: Bool) async throws {
        let stack: NodeStack
        do {
            stack = try ImageStack.open(path, isReadOnly: isReadOnly)
        } catch let error as GraphError {
            #expect(!error.reason.isEmpty)
            return
        }
        let size = stack.limits.sizeBytes
        try await DriverBench.run(stack) { bench in
            for offset in [0, 4096, 65536, 131_072, 200 << 10, 262_144, 520_000] as [UInt64] {
                let length = min(70_000, size - min(offset, size))
                guard length > 0 else { continue }
                let read = await bench.ask(.read, offset, length)
                #expect(read.errorNumber == 0 || read.errorNumber == EIO)
                _ = await bench.ask(.extents, offset, length)
                guard !isReadOnly else { continue }
                let bytes = [UInt8](repeating: 7, count: Int(min(length, 5000)))
                _ = await bench.ask(.write, offset, bytes: bytes)
                _ = await bench.ask(.discard, offset, length)
                _ = await bench.ask(.writeZeroes, offset, length)
            }
            if !isReadOnly { _ = await bench.ask(.flush) }
        }
    }

    private func serveAll(_ images: [(name: String, bytes: [UInt8])]) async throws {
        let directory = try TemporaryDirectory(under: "/dev/shm")
        let path = directory.path + "/broken"
        for (index, image) in images.enumerated() {
            BrokenImages.write(image.bytes, to: path)
            try await serve(path, isReadOnly: index % 2 == 0)
        }
    }

    @Test("every byte of a header may be anything")
    func headers() async throws {
        try await serveAll(BrokenImages(in: TemporaryDirectory()).headers)
    }

    @Test("numbers of a header may claim anything")
    func claims() async throws {
        try await serveAll(BrokenImages(in: TemporaryDirectory()).claims)
    }

    @Test("entries of tables may lead anywhere")
    func pointers() async throws {
        let images = try BrokenImages(in: TemporaryDirectory()).pointers
        #expect(images.count > 600)
        try await serveAll(images)
    }

    @Test("a file may end anywhere")
    func truncations() async throws {
        try await serveAll(BrokenImages(in: TemporaryDirectory()).truncations)
    }

    @Test("tables may hold random bytes")
    func random() async throws {
        try await serveAll(BrokenImages(in: TemporaryDirectory()).random(count: 300))
    }
}
