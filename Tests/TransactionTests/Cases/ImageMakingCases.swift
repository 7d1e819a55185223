import Foundation
import Testing

@Suite("Cases: making images")
struct ImageMakingCases {
    @Test(
        "an image that is made with all its room writes over nothing that its data file holds",
        arguments: ["metadata", "falloc", "full"]
    )
    func dataFileKeepsItsData(preallocation: String) async throws {
        try await Workshop.run(standsIn: []) { workshop in
            workshop.directory.file("image", sizeBytes: 0)
            workshop.directory.file("data", sizeBytes: 64 << 10, fill: 7)
            workshop.directory.file("short", sizeBytes: 6 << 10, fill: 7)
            for name in ["data", "short"] {
                let data = workshop.directory.path + "/" + name
                let held = [UInt8](try Data(contentsOf: URL(filePath: data)))
                let wished =
                    "nodes: {q: {driver: qcow2, backing: null, file: {driver: file, "
                    + "filename: image}, create: {size: 64KiB, preallocation: \(preallocation)}, "
                    + "data-file: {driver: file, filename: \(name)}}"
                let refused = await workshop.apply(
                    wished + ", z: {driver: file, filename: missing}}\n"
                )
                #expect(refused.code == "E0501", "\(refused)")
                let left = [UInt8](try Data(contentsOf: URL(filePath: data)))
                #expect(left == held)
                #expect(workshop.directory.sizeBytes(of: "image") == 0)
                let outcome = await workshop.apply(wished + "}\n")
                #expect(outcome.isApplied, "\(outcome)")
                let now = [UInt8](try Data(contentsOf: URL(filePath: data)))
                #expect(now.count == 64 << 10)
                #expect(now.starts(with: held))
                #expect(now.dropFirst(held.count).allSatisfy { $0 == 0 })
                _ = await workshop.apply("")
                workshop.directory.file("image", sizeBytes: 0)
            }
        }
    }

    @Test(
        "the room of an image of small clusters begins behind its tables",
        arguments: ["metadata", "falloc", "full"]
    )
    func roomBehindTables(preallocation: String) async throws {
        try await Workshop.run(standsIn: []) { workshop in
            workshop.directory.file("image", sizeBytes: 0)
            let outcome = await workshop.apply(
                "nodes: {q: {driver: qcow2, backing: null, file: {driver: file, filename: image}, "
                    + "create: {size: 4KiB, cluster-size: 512, preallocation: \(preallocation)}}}\n"
            )
            try #require(outcome.isApplied, "\(outcome)")
            let path = workshop.directory.path + "/image"
            let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
            func number(at offset: Int) throws -> Int {
                try #require(bytes.count >= offset + 8)
                return bytes[offset..<offset + 8].reduce(0) { $0 << 8 | Int($1) }
                    & 0x00ff_ffff_ffff_fe00
            }
            let table = try number(at: try number(at: 40))
            let clusters = try (0..<8).map { try number(at: table + $0 * 8) }
            #expect(!clusters.contains(0), "\(clusters)")
            #expect(Set(clusters).count == 8)
            #expect(bytes.count >= (clusters.max() ?? 0) + 512)
        }
    }

    @Test(
        "an image that was made is taken out again, wherever the plan fails, and can be made then"
    )
    func takenOut() async throws {
        try await Workshop.run(standsIn: []) { workshop in
            workshop.directory.file("image", sizeBytes: 0)
            let wished =
                "nodes: {q: {driver: qcow2, backing: null, create: {size: 1MiB}, "
                + "file: {driver: throttle, throttle-group: g, "
                + "file: {driver: file, filename: image}}}}\n"
                + "exports: {e: {type: nbd, node: q, writable: true}}\n"
            var step = 1
            while true {
                workshop.faults.arm(step)
                guard !(await workshop.apply(wished).isApplied) else { break }
                #expect(workshop.directory.sizeBytes(of: "image") == 0, "step \(step)")
                step += 1
            }
            #expect(step > 10)
            workshop.faults.arm(nil)
            let client = try workshop.client("e")
            #expect(client.write(0, [1])?.errorNumber == 0)
            client.leave()
            try await eventually { await workshop.clientCount(of: "e") == 0 }
            // What is there is not made anew, and so not taken out.
            _ = await workshop.apply("")
            let size = workshop.directory.sizeBytes(of: "image")
            #expect(size > 0)
            workshop.faults.arm(9)
            #expect(!(await workshop.apply(wished).isApplied))
            #expect(workshop.directory.sizeBytes(of: "image") == size)
        }
    }
}
