import BlockGraph
import GraphModel
import Testing

@Suite("host_device")
struct HostDeviceTests {
    /// A loop device over a file, while the body runs; the test is left out where there is none.
    private func withDevice(
        _ directory: TemporaryDirectory,
        _ body: (String) async throws -> Void
    ) async throws {
        let image = directory.file("disk", sizeBytes: 2 << 20)
        let made = TemporaryDirectory.shell("losetup --find --show '\(image)'")
        guard made.status == 0, let line = made.output.split(separator: "\n").last else {
            return print("no loop device here: \(made.output)")
        }
        let device = String(line)
        defer { _ = TemporaryDirectory.shell("losetup --detach '\(device)'") }
        try await body(device)
    }

    @Test("a block device is a disk", arguments: [false, true])
    func model(isDirect: Bool) async throws {
        let directory = try TemporaryDirectory(under: "/var/tmp")
        try await withDevice(directory) { device in
            let cache = OptionValue.mapping(
                Options([("direct", .flag(isDirect)), ("no-flush", .flag(false))])
            )
            let stack = try NodeStack([
                node("host_device", [("filename", .text(device)), ("cache", cache)])
            ])
            #expect(stack.limits.sizeBytes == 2 << 20)
            #expect(!stack.limits.grows)
            try await DriverBench.run(stack) { bench in
                var disk = DiskModel(limits: stack.limits, seed: 20_261_122)
                for step in 0..<150 { await disk.step(step, on: bench) }
            }
        }
    }

    @Test("a file is no device, and a device is no file")
    func kinds() async throws {
        let directory = try TemporaryDirectory(under: "/var/tmp")
        let file = directory.file("f", sizeBytes: 512)
        #expect(throws: GraphError.self) {
            try NodeStack([node("host_device", [("filename", .text(file))])])
        }
        try await withDevice(directory) { device in
            #expect(throws: GraphError.self) { try NodeStack([fileNode(device)]) }
        }
    }
}
