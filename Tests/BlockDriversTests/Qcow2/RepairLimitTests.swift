import BlockGraph
import Glibc
import GraphModel
import Testing

/// What an image that was not closed properly may cost before it is refused.
@Suite("Limits of mending images", .enabled(if: TemporaryDirectory.has("qemu-img")))
struct RepairLimitTests {
    private let directory: TemporaryDirectory
    private let path: String

    init() throws {
        directory = try TemporaryDirectory()
        path = directory.path + "/image"
    }

    private func make(_ creation: String) {
        let made = TemporaryDirectory.shell(
            "qemu-img create -q -f qcow2 -o \(creation) \(path) 1M"
        )
        precondition(made.status == 0, made.output)
    }

    /// Puts a big-endian number into the image.
    private func put(_ value: UInt64, _ count: Int, at offset: Int) {
        guard let file = fopen(path, "r+") else { return }
        defer { fclose(file) }
        fseek(file, offset, SEEK_SET)
        for place in (0..<count).reversed() {
            fputc(Int32(truncatingIfNeeded: value >> UInt64(place * 8) & 0xff), file)
        }
    }

    /// Says that it was not closed properly.
    private func soil() { put(1, 8, at: 72) }

    private func refusal(isReadOnly: Bool = false) -> String {
        do {
            try ImageStack.open(path, isReadOnly: isReadOnly).close()
        } catch let error as GraphError {
            return error.reason
        } catch {
            return "\(error)"
        }
        return ""
    }

    @Test("an image that was not closed properly is mended, and is sound")
    func mended() throws {
        make("cluster_size=4K,lazy_refcounts=on")
        soil()
        #expect(refusal() == "")
        let check = TemporaryDirectory.shell("qemu-img check -q \(path)")
        #expect(check.status == 0, "\(check.output)")
    }

    @Test("a file of more clusters than are counted is refused for writing, not for reading")
    func clusters() {
        make("cluster_size=512,lazy_refcounts=on")
        soil()
        truncate(path, (24 << 20) * 512 + 512)
        #expect(refusal().contains("has 25165825 clusters, and at most 25165824 are counted here"))
        #expect(refusal(isReadOnly: true) == "")
    }

    @Test("mapping tables of snapshots are refused beyond 256 MiB in all")
    func snapshots() {
        make("cluster_size=64K")
        truncate(path, 64 << 20)
        put(1 << 20, 8, at: 64)
        for (count, isRefused) in [(8, false), (9, true)] {
            put(UInt64(count), 4, at: 60)
            for number in 0..<count {
                put(2 << 20, 8, at: (1 << 20) + number * 40)
                put(4 << 20, 4, at: (1 << 20) + number * 40 + 8)
            }
            #expect(refusal().contains("more than 256 MiB") == isRefused)
        }
    }

    @Test("a table of snapshots is refused that does not fit its limit")
    func snapshotTable() {
        make("cluster_size=64K")
        truncate(path, 64 << 20)
        put(1 << 20, 8, at: 64)
        put(65_536, 4, at: 60)
        put(2000, 4, at: (1 << 20) + 36)
        #expect(refusal().contains("2000 bytes of extra data"))
    }

    @Test("an image with bitmaps that was not closed properly is left as it is")
    func bitmaps() throws {
        make("cluster_size=64K,lazy_refcounts=on")
        let made = TemporaryDirectory.shell("qemu-img bitmap --add \(path) one")
        try #require(made.status == 0, "\(made.output)")
        soil()
        let before = BrokenImages.contents(of: path)
        #expect(refusal().contains("has bitmaps"))
        #expect(BrokenImages.contents(of: path) == before)
    }
}
