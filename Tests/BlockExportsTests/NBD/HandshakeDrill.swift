@testable import BlockExports

/// Exports of a test, without a graph.
struct FixedCatalogue: NBDCatalogue {
    var exports = [
        NBDExportFacts(
            key: "a",
            name: "alpha",
            description: "first",
            sizeBytes: 1 << 20,
            blockBytesMin: 1,
            blockBytesPreferred: 4096,
            payloadBytesMax: 32 << 20,
            isWritable: true
        ),
        NBDExportFacts(
            key: "b",
            name: "beta",
            description: "",
            sizeBytes: 4096,
            blockBytesMin: 512,
            blockBytesPreferred: 4096,
            payloadBytesMax: 32 << 20,
            isWritable: false
        ),
    ]
    var fullKeys: Set<String> = []

    func export(named name: String) -> NBDExportFacts? { exports.first { $0.name == name } }
    func isFull(_ key: String) -> Bool { fullKeys.contains(key) }
}

/// Plays a client against the handshake, byte strings in and parsed replies out.
struct HandshakeDrill {
    var handshake = NBDHandshake()
    var input: [UInt8] = []
    var output: [UInt8] = []
    var catalogue = FixedCatalogue()

    struct Reply: Equatable {
        var option: UInt32
        var type: UInt32
        var data: [UInt8]
    }

    /// A handshake whose client flags were sent.
    init(flags: UInt32 = 3) {
        input.append(bigEndian: flags)
        _ = run()
    }

    /// A handshake at its very start.
    init(untouched: Void) {}

    /// Steps until input, entry or end is the next thing.
    mutating func run() -> NBDHandshake.Step {
        while true {
            let step = handshake.advance(input: &input, output: &output, catalogue: catalogue)
            if step != .reply { return step }
        }
    }

    /// Sends one option and returns what came of it.
    mutating func option(
        _ number: UInt32,
        _ data: [UInt8] = [],
        length: UInt32? = nil
    ) -> (step: NBDHandshake.Step, replies: [Reply]) {
        output = []
        input += Self.option(number, data, length: length)
        let step = run()
        return (step, replies)
    }

    static func option(_ number: UInt32, _ data: [UInt8], length: UInt32? = nil) -> [UInt8] {
        var bytes = Array("IHAVEOPT".utf8)
        bytes.append(bigEndian: number)
        bytes.append(bigEndian: length ?? UInt32(data.count))
        return bytes + data
    }

    var replies: [Reply] {
        var reader = NBDByteReader(output[...])
        var found: [Reply] = []
        while reader.number(UInt64.self) == 0x0003_e889_0455_65a9,
            let option = reader.number(UInt32.self), let type = reader.number(UInt32.self),
            let length = reader.number(UInt32.self), let data = reader.bytes(count: Int(length))
        {
            found.append(Reply(option: option, type: type, data: Array(data)))
        }
        return found
    }

    /// Data of INFO and GO.
    static func goData(_ name: String, _ wanted: [UInt16] = []) -> [UInt8] {
        var data: [UInt8] = []
        data.append(bigEndian: UInt32(name.utf8.count))
        data += name.utf8
        data.append(bigEndian: UInt16(wanted.count))
        for number in wanted { data.append(bigEndian: number) }
        return data
    }

    /// Data of LIST_META_CONTEXT and SET_META_CONTEXT.
    static func contextData(_ name: String, _ queries: [String]) -> [UInt8] {
        var data: [UInt8] = []
        data.append(bigEndian: UInt32(name.utf8.count))
        data += name.utf8
        data.append(bigEndian: UInt32(queries.count))
        for query in queries {
            data.append(bigEndian: UInt32(query.utf8.count))
            data += query.utf8
        }
        return data
    }
}
