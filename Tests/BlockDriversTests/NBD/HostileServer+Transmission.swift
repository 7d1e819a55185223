import BlockGraph

// Lies in answers to commands.
extension HostileServer {
    static let readings: [Self] = readHeaders + readChunks + readErrors + readEndings

    private static func read(
        _ title: String,
        _ outcome: Outcome = .failure,
        _ lie: @escaping @Sendable (ServerCommand, [UInt8]) -> [UInt8]?
    ) -> Self {
        command(.read, title, outcome, lie)
    }

    private static func read(
        _ title: String,
        _ outcome: Outcome = .failure,
        _ lie: @escaping @Sendable (ServerCommand) -> [UInt8]?
    ) -> Self {
        command(.read, title, outcome) { command, _ in lie(command) }
    }

    /// A data chunk whose offset and payload lie.
    private static func data(
        _ command: ServerCommand,
        _ offset: UInt64,
        count: Int,
        isLast: Bool = true
    ) -> [UInt8] {
        let payload = Wire.big(offset) + [UInt8](repeating: 0x5a, count: count)
        return Wire.chunk(1, command.cookie, payload, isLast: isLast)
    }

    private static func hole(
        _ command: ServerCommand,
        _ offset: UInt64,
        _ length: UInt32,
        isLast: Bool = true
    ) -> [UInt8] {
        Wire.chunk(2, command.cookie, Wire.big(offset) + Wire.big(length), isLast: isLast)
    }

    private static let readHeaders: [Self] = [
        read("a simple reply where chunks were agreed") {
            Wire.simple($0.cookie) + $1.dropFirst(28)
        },
        read("a simple error where chunks were agreed") { command, _ in
            Wire.simple(command.cookie, error: 5)
        },
        read("all ones") { _, _ in [UInt8](repeating: 0xff, count: 4096) },
        read("zeroes without end") { _, _ in [UInt8](repeating: 0, count: 4 << 20) },
        read("an answer to an option") { _, _ in Wire.reply(7, 1) },
        read("a reply to no command first") { command, honest in
            Wire.chunk(0, command.cookie &+ 256) + honest
        },
        read("a cookie of a place that is free") { command, honest in
            Wire.chunk(0, command.cookie ^ 1) + honest
        },
        read("a cookie of no place") { command, honest in
            Wire.chunk(0, command.cookie | 0xff) + honest
        },
        read("cookie 0") { _, honest in Wire.chunk(0, 0) + honest },
        read("the reply twice", .service) { $1 + $1 },
        read("the reply a hundred times", .service) { _, honest in
            (0..<100).flatMap { _ in honest }
        },
        read("unasked words behind the reply", .service) { $1 + "and another thing".utf8 },
        command(.read, "simple: another cookie", isStructured: false) { command, honest in
            Wire.simple(command.cookie &+ 1) + honest.dropFirst(16)
        },
        command(.read, "simple: a chunk that was not agreed", isStructured: false) { command, _ in
            Wire.chunk(0, command.cookie)
        },
        command(.read, "simple: an error that is none", isStructured: false) { command, _ in
            Wire.simple(command.cookie, error: 0xffff_ffff)
        },
        command(.read, "simple: half the data", isStructured: false) { _, honest in
            Array(honest.prefix(2000))
        }.endingThere,
        command(.read, "simple: the data twice", .service, isStructured: false) {
            $1 + $1.dropFirst(16)
        },
    ]

    private static let readChunks: [Self] = [
        read("more data than was asked") { data($0, $0.offset, count: Int($0.length) + 1) },
        read("data of 16 MiB") { data($0, $0.offset, count: 16 << 20) },
        read("data of 4 GiB") { command, _ in
            Wire.chunk(1, command.cookie, Wire.big(command.offset), length: .max)
        },
        read("data before what was asked") { data($0, $0.offset &- 1, count: 4096) },
        read("data behind what was asked") { data($0, $0.offset + UInt64($0.length), count: 1) },
        read("data at 2^63") { data($0, 1 << 63, count: 4096) },
        read("data at 2^64 - 1") { data($0, .max, count: 4096) },
        read("data at 2^64 - 4095, which wraps") { data($0, .max - 4094, count: 4096) },
        read("data without any byte") { data($0, $0.offset, count: 0) },
        read("a data chunk without an offset") { command, _ in
            Wire.chunk(1, command.cookie, [0, 0, 0])
        },
        read("the first half twice") { command, _ in
            data(command, command.offset, count: 2048, isLast: false)
                + data(command, command.offset, count: 2048)
        },
        read("chunks that overlap") { command, _ in
            data(command, command.offset, count: 3000, isLast: false)
                + data(command, command.offset + 2000, count: 2096)
        },
        read("a hole of no byte") { hole($0, $0.offset, 0) },
        read("a hole of 4 GiB - 1") { hole($0, $0.offset, .max) },
        read("a hole at 2^63") { hole($0, 1 << 63, 4096) },
        read("a hole at 2^64 - 1") { hole($0, .max, 1) },
        read("a hole before what was asked") { hole($0, $0.offset &- 4096, 4096) },
        read("a hole that goes on") { hole($0, $0.offset + 1, $0.length) },
        read("a hole with a payload") { command, _ in
            let payload = Wire.big(command.offset) + Wire.big(command.length) + [0]
            return Wire.chunk(2, command.cookie, payload)
        },
        read("half a hole") { command, _ in
            Wire.chunk(2, command.cookie, Wire.big(command.offset))
        },
        read("a hole over the data") { command, _ in
            data(command, command.offset, count: 4096, isLast: false)
                + hole(command, command.offset, 4096)
        },
        read("extents", .failure) { command, _ in
            Wire.chunk(5, command.cookie, Wire.big(UInt32(7)) + Wire.big(UInt64(4096 << 32)))
        },
        read("a chunk of type 3") { Wire.chunk(3, $0.cookie) },
        read("a chunk of type 6") { Wire.chunk(6, $0.cookie, [UInt8](repeating: 0, count: 40)) },
        read("a chunk of type 32767") { Wire.chunk(0x7fff, $0.cookie) },
        read("a chunk of one byte at a time", .service) { command, _ in
            (0..<UInt64(command.length)).flatMap { place in
                data(command, command.offset + place, count: 1, isLast: false)
            } + Wire.chunk(0, command.cookie)
        },
        read("chunks in the wrong order", .service) { command, _ in
            data(command, command.offset + 2048, count: 2048, isLast: false)
                + data(command, command.offset, count: 2048)
        },
        read("a hole and data", .service) { command, _ in
            hole(command, command.offset, 1024, isLast: false)
                + data(command, command.offset + 1024, count: 3072)
        },
    ]

    private static let readErrors: [Self] = [
        read("an error without words") { command, _ in Wire.errorChunk(command.cookie, 5) },
        read("an error with 4000 bytes of words") { command, _ in
            Wire.errorChunk(command.cookie, 5, String(repeating: "x", count: 4000))
        },
        read("an error with 60,000 bytes of words") { command, _ in
            Wire.errorChunk(command.cookie, 5, String(repeating: "x", count: 60000))
        },
        read("an error with more words than it has") { command, _ in
            Wire.errorChunk(command.cookie, 5, "x", wordCount: 500)
        },
        read("an error of 4 GiB - 1") { command, _ in
            Wire.chunk(0x8001, command.cookie, Wire.big(UInt32(5)) + [0, 0], length: .max)
        },
        read("an error of 3 bytes") { Wire.chunk(0x8001, $0.cookie, [0, 0, 5]) },
        read("an error with number 0") { command, _ in Wire.errorChunk(command.cookie, 0) },
        read("an error that is none") { command, _ in Wire.errorChunk(command.cookie, 9999) },
        read("an error of a type that nobody knows") { command, _ in
            Wire.chunk(0x9999, command.cookie, Wire.big(UInt32(5)) + [0, 0])
        },
        read("an error at 2^64 - 1") { command, _ in
            let payload = Wire.big(UInt32(5)) + [0, 0] + Wire.big(UInt64.max)
            return Wire.chunk(0x8002, command.cookie, payload)
        },
        read("half an error with an offset") { command, _ in
            Wire.chunk(0x8002, command.cookie, Wire.big(UInt32(5)) + [0, 0, 1])
        },
        read("an error behind the data") { command, _ in
            data(command, command.offset, count: 4096, isLast: false)
                + Wire.errorChunk(command.cookie, 5)
        },
        read("data behind an error") { command, _ in
            Wire.errorChunk(command.cookie, 5, isLast: false)
                + data(command, command.offset, count: 4096)
        },
        read("100,000 errors") { command, _ in
            let one = Wire.errorChunk(command.cookie, 5, isLast: false)
            return (0..<100_000).flatMap { _ in one }
        },
        read("is shutting down, always") { command, _ in Wire.errorChunk(command.cookie, 108) },
        read("two errors", .failure) { command, _ in
            Wire.errorChunk(command.cookie, 5, isLast: false) + Wire.errorChunk(command.cookie, 22)
        },
    ]

    private static let readEndings: [Self] = [
        read("hangs up") { _, _ in nil },
        read("a last chunk, and no data") { Wire.chunk(0, $0.cookie) },
        read("nothing, which is not the last") { Wire.chunk(0, $0.cookie, isLast: false) },
        read("nothing, with a payload") { Wire.chunk(0, $0.cookie, [1, 2, 3]) },
        read("half the data, and that is all") { data($0, $0.offset, count: 2048) },
        read("all but a byte, and that is all") { data($0, $0.offset + 1, count: 4095) },
        read("half a header") { Array($1.prefix(11)) }.endingThere,
        read("a header and no payload") { Array($1.prefix(20)) }.endingThere,
        read("half the data, then the end") { Array($1.prefix(2000)) }.endingThere,
        read("all the data without an end") { command, _ in
            data(command, command.offset, count: 4096, isLast: false)
        }.endingThere,
        read("one byte at a time", .service) { $1 }.inPieces(1),
        read("seven bytes at a time", .service) { $1 }.inPieces(7),
    ]

    /// Hangs up behind what it has to say to a command.
    var endingThere: Self {
        var script = script
        let lie = script.reply
        // The greeting and the honest answers come before it.
        let options: [UInt32] = script.isStructured ? [8, 10, 7] : [8, 7]
        let before = options.map { script.honest($0, skipsZeroes: true).count }.reduce(18, +)
        let probe = ServerCommand(length: 4096)
        let sample = lie(probe, [UInt8](repeating: 0, count: 4124)) ?? []
        script.bytesMax = before + sample.count
        return Self(
            testDescription: testDescription + ", then hangs up",
            outcome: outcome,
            operation: operation,
            script: script
        )
    }

    private func inPieces(_ count: Int) -> Self {
        var script = script
        script.pieceBytes = count
        return Self(
            testDescription: testDescription,
            outcome: outcome,
            operation: operation,
            script: script
        )
    }
}
