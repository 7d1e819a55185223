import BlockGraph
import Testing

@Suite("Capabilities: dropping what is in between, with real images")
struct DropRows {
    private static let files =
        "fb file\nfm file\nfs file filename=s.raw\nft blkdebug image=fs inject-error=RULES\nfu file\n"
        + "b qcow2 file=fb create={\"size\":1MiB}\n"
    private static let overlays =
        "t qcow2 file=ft backing=LINK lazy-refcounts=true create={\"size\":1MiB}\n"
        + "u qcow2 file=fu backing=LINK create={\"size\":1MiB}\n"
        + "e export of=t =rw\nx export of=u =rw"
    private static let whole =
        (files + "m qcow2 file=fm backing=b create={\"size\":1MiB}\n"
            + overlays.replacing("LINK", with: "m"))
    private static let short =
        files.replacing("fm file\n", with: "") + overlays.replacing("LINK", with: "b")

    private func text(_ graph: String, failing: Bool = false) -> String {
        quick(graph.replacing("RULES", with: failing ? "[{iotype:write}]" : "[]"))
            .replacing("{iotype:write}", with: "{iotype: write}")
    }

    /// Images with 1s in the base, 2s in between (behind the first cluster), 3s at the top.
    private func begin(_ workshop: Workshop) async throws {
        for name in ["fb", "fm", "s", "fu"] {
            workshop.directory.file("\(name).raw", sizeBytes: 0)
        }
        let base = "fb file\nb qcow2 file=fb create={\"size\":1MiB}\n"
        let middle = "fm file\nm qcow2 file=fm backing=b create={\"size\":1MiB}\n"
        try await fill(workshop, base + "e export of=b =rw", 0, 1)
        try await fill(workshop, base + middle + "e export of=m =rw", 64 << 10, 2)
        try await workshop.start(text(Self.whole))
    }

    private func fill(
        _ workshop: Workshop,
        _ graph: String,
        _ offset: UInt64,
        _ byte: UInt8
    ) async throws {
        try await workshop.start(quick(graph + " on-remove=disconnect"))
        let client = try workshop.client("e")
        let bytes = [UInt8](repeating: byte, count: 64 << 10)
        #expect(client.write(offset, bytes)?.errorNumber == 0)
        try await workshop.start("")
    }

    @Test("S86: all that stands on what is dropped goes to its base, or none of it does")
    func allOrNone() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            try await begin(workshop)
            let clients = try ["e", "x"].map { try workshop.client($0) }
            let third = [UInt8](repeating: 3, count: 512)
            for client in clients { #expect(client.write(128 << 10, third)?.errorNumber == 0) }
            func content() -> [[UInt8?]] {
                clients.map { client in
                    [0, 64, 128].map { client.read($0 << 10)?.bytes.first }
                }
            }
            #expect(content() == [[1, 2, 3], [1, 2, 3]])
            let masks = await workshop.masks
            var step = 1
            while true {
                workshop.faults.arm(step)
                guard !(await workshop.apply(text(Self.short)).isApplied) else { break }
                #expect(await workshop.masks == masks, "step \(step)")
                #expect(content() == [[1, 2, 3], [1, 2, 3]], "step \(step)")
                step += 1
            }
            #expect(step > 20)
            #expect(await workshop.snapshot.nodes["m"] == nil)
            #expect(content() == [[1, 0, 3], [1, 0, 3]])
            for client in clients { #expect(client.write(64 << 10, third)?.errorNumber == 0) }
            #expect(content() == [[1, 3, 3], [1, 3, 3]])
        }
    }

    @Test("S86: when the header of one of them cannot be written, all stay where they are")
    func headerFails() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            try await begin(workshop)
            let client = try workshop.client("e")
            // Its counts are written late, so that the header says that it is not clean.
            #expect(client.write(0, [UInt8](repeating: 4, count: 64 << 10))?.errorNumber == 0)
            try await workshop.start(text(Self.whole, failing: true))
            let before = await workshop.masks
            let refused = await workshop.apply(text(Self.short, failing: true))
            #expect(refused.reason?.contains("node/t") == true, "\(refused)")
            #expect(await workshop.masks == before)
            #expect(client.read(64 << 10)?.bytes.first == 2)
            #expect(client.read(0)?.bytes.first == 4)
            let other = try workshop.client("x")
            #expect(other.write(0, [UInt8](repeating: 5, count: 512))?.errorNumber == 0)
            try await workshop.start(text(Self.whole))
            try await workshop.start(text(Self.short))
            #expect(client.read(64 << 10)?.bytes.first == 0)
            #expect(client.read(0)?.bytes.first == 4)
            #expect(other.read(0)?.bytes.first == 5)
            // Opened anew it is whole.
            _ = await workshop.apply("")
            try await workshop.start(text(Self.short))
            #expect(try workshop.client("e").read(0)?.bytes.first == 4)
        }
    }
}
