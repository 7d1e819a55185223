import BlockGraph
import Glibc
import Testing

@Suite("Errors of an NBD server (suite E)")
struct NBDFaultTests {
    private static let operations: [(BlockOperation, UInt16)] = [
        (.read, 0), (.write, 1), (.flush, 3), (.discard, 4), (.writeZeroes, 6), (.extents, 7),
    ]

    /// What the server says, and what a client is told.
    private static let errors: [(wire: UInt32, answer: Int32)] = [
        (1, EPERM), (5, EIO), (12, ENOMEM), (22, EINVAL), (28, ENOSPC), (75, EOVERFLOW),
        (95, ENOTSUP), (110, EIO), (4, EIO), (11, EIO), (0xffff_ffff, EIO),
    ]

    @Test(
        "an error reaches the client whose request it is, as what it is, and nobody else",
        arguments: [true, false]
    )
    func matrix(isStructured: Bool) async throws {
        var cells = 0
        for (operation, type) in Self.operations where isStructured || operation != .extents {
            for error in Self.errors {
                try await run(operation, type, error.wire, error.answer, isStructured)
                cells += 1
            }
        }
        #expect(cells == (isStructured ? 66 : 55))
    }

    private func run(
        _ operation: BlockOperation,
        _ type: UInt16,
        _ wire: UInt32,
        _ wanted: Int32,
        _ isStructured: Bool
    ) async throws {
        let server = try ScriptedServer { _ in
            var script = ServerScript()
            script.isStructured = isStructured
            script.reply = { command, honest in
                // Flushes name no place: all of them fail.
                guard command.type == type, command.offset == 3 * 8192 || type == 3 else {
                    return honest
                }
                return isStructured && (type == 0 || type == 7)
                    ? Wire.errorChunk(command.cookie, wire, "no")
                    : Wire.simple(command.cookie, error: wire)
            }
            return script
        }
        let cell = "\(operation) \(wire)"
        try await DriverBench.run(try NodeStack([server.node()])) { bench in
            let bytes = [UInt8](repeating: 0xA5, count: 8192)
            for isTogether in [false, true] {
                let answers = await ask(operation, bytes, bench, isTogether)
                let failed = answers.indices.filter { answers[$0] != 0 }
                #expect(failed == (operation == .flush ? Array(0..<8) : [3]), "\(cell)")
                #expect(failed.allSatisfy { answers[$0] == wanted }, "\(cell): \(answers)")
            }
            #expect(await bench.parkedCount == 0)
        }
        #expect(server.connectionCount == 1, "\(cell): an error is no end")
    }

    private func ask(
        _ operation: BlockOperation,
        _ bytes: [UInt8],
        _ bench: DriverBench,
        _ isTogether: Bool
    ) async -> [Int32] {
        let one = { @Sendable (block: Int) async -> Int32 in
            let offset = operation == .flush ? 0 : UInt64(block * 8192)
            let length: UInt64 = operation == .flush ? 0 : 8192
            return await bench.ask(operation, offset, length, bytes: bytes).errorNumber
        }
        var answers = [Int32](repeating: 0, count: 8)
        guard isTogether else {
            for block in 0..<8 { answers[block] = await one(block) }
            return answers
        }
        await withTaskGroup(of: (Int, Int32).self) { group in
            for block in 0..<8 { group.addTask { (block, await one(block)) } }
            for await (block, answer) in group { answers[block] = answer }
        }
        return answers
    }
}
