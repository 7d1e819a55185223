import BlockDrivers
import BlockGraph
import GraphModel
import Testing

@Suite("Locks of image files")
struct FileLocksTests {
    private let hasQemu = TemporaryDirectory.has("qemu-io")

    private func opening(_ path: String, _ masks: EdgeMasks, name: String = "f") -> DriverOpening {
        DriverOpening(
            node: NodeDescription(
                name: name,
                driver: "file",
                options: Options([("filename", .text(path))])
            ),
            children: [:],
            masks: masks,
            baseDirectory: "/"
        )
    }

    /// Uses and shares as a format does: nobody else may write.
    private let owner = EdgeMasks(
        used: [.consistentRead, .write],
        shared: [.consistentRead, .writeUnchanged]
    )

    @Test("another process that wants to write is refused, and one that reads is not")
    func other() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        let node = try FileDriverKind().open(opening(path, owner)).node
        // Another registry has descriptors of its own, as another process has.
        let stranger = FileDriverKind()
        #expect(throws: GraphError.self) { try stranger.open(opening(path, owner)) }
        let error = #expect(throws: GraphError.self) {
            try stranger.open(opening(path, NodeStack.writer))
        }
        #expect(error?.code == .locked)
        #expect(error?.reason.contains("\"write\" lock") == true)
        let reader = try stranger.open(opening(path, NodeStack.reader)).node
        _ = reader.close()
        _ = node.close()
        _ = try stranger.open(opening(path, owner)).node.close()
    }

    @Test("qemu-io is refused while we write, and let in afterwards")
    func qemu() throws {
        guard hasQemu else { return }
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        let kind = FileDriverKind()
        let node = try kind.open(opening(path, owner)).node
        let refused = TemporaryDirectory.shell("qemu-io -f raw -c 'write 0 4k' \(path)")
        #expect(refused.output.contains("lock"), "\(refused.output)")
        _ = node.close()
        let allowed = TemporaryDirectory.shell("qemu-io -f raw -c 'write 0 4k' \(path)")
        #expect(allowed.output.contains("wrote 4096"), "\(allowed.output)")
    }

    @Test("two nodes of one process that both must be alone are refused by the check")
    func twoNodes() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        let kind = FileDriverKind()
        let first = try kind.open(opening(path, owner, name: "a")).node
        let second = try kind.open(opening(path, owner, name: "b")).node
        let error = #expect(throws: GraphError.self) { try second.check() }
        #expect(error?.reason.contains("node/a") == true)
        _ = second.close()
        try first.check()
        _ = first.close()
    }

    @Test("a node may take over the file of one that leaves, and abort brings both back")
    func takeOver() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        let kind = FileDriverKind()
        let old = try kind.open(opening(path, owner, name: "a")).node
        let removal = old.prepareRemoval()
        let new = try kind.open(opening(path, owner, name: "b")).node
        try new.check()
        removal.abort()
        #expect(throws: GraphError.self) { try new.check() }
        let again = old.prepareRemoval()
        try new.check()
        again.commit()
        _ = old.close()
        // The one that stays still holds its locks.
        #expect(throws: GraphError.self) { try FileDriverKind().open(opening(path, owner)) }
        _ = new.close()
    }

    @Test("rights that are only prepared are locked, and given back by an abort")
    func prepared() throws {
        let directory = try TemporaryDirectory()
        let path = directory.file("disk", sizeBytes: 65536)
        let node = try FileDriverKind().open(opening(path, .idle)).node
        let stranger = FileDriverKind()
        _ = try stranger.open(opening(path, owner)).node.close()
        let change = try node.prepare(opening(path, owner))
        #expect(throws: GraphError.self) { try stranger.open(opening(path, owner)) }
        change.abort()
        let other = try stranger.open(opening(path, owner)).node
        #expect(throws: GraphError.self) { try node.prepare(opening(path, owner)) }
        _ = other.close()
        try node.prepare(opening(path, owner)).commit()
        #expect(throws: GraphError.self) { try stranger.open(opening(path, owner)) }
        _ = node.close()
    }
}
