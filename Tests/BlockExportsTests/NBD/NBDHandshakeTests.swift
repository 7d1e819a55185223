import Testing

@testable import BlockExports

@Suite("NBD handshake")
struct NBDHandshakeTests {
    private static let invalid: UInt32 = 0x8000_0003
    private static let unsupported: UInt32 = 0x8000_0001
    private static let unknown: UInt32 = 0x8000_0006
    private static let tooBig: UInt32 = 0x8000_0009

    @Test("unknown client flags end the conversation", arguments: [4, 7, 1 << 31, ~0] as [UInt32])
    func clientFlags(flags: UInt32) {
        var drill = HandshakeDrill(untouched: ())
        drill.input.append(bigEndian: flags)
        #expect(drill.run() == .end)
    }

    @Test("a client without fixed newstyle may only name an export")
    func notFixed() {
        var drill = HandshakeDrill(flags: 0)
        #expect(drill.option(3).step == .end)
        drill = HandshakeDrill(flags: 0)
        let entered = NBDAgreement(exportKey: "a", isStructured: false, hasAllocation: false)
        #expect(drill.option(1, Array("alpha".utf8)).step == .enter(entered))
        #expect(drill.output.count == 8 + 2 + 124)
    }

    @Test("NO_ZEROES leaves the padding out")
    func noZeroes() {
        var drill = HandshakeDrill(flags: 3)
        _ = drill.option(1, Array("alpha".utf8))
        #expect(drill.output == [0, 0, 0, 0, 0, 0x10, 0, 0, 0x0d, 0x6d])
    }

    @Test("EXPORT_NAME of what does not exist ends the conversation without a word")
    func unknownName() {
        var drill = HandshakeDrill()
        #expect(drill.option(1, Array("gamma".utf8)).step == .end)
        #expect(drill.output.isEmpty)
    }

    @Test(
        "an option without data is answered as the protocol says",
        arguments: [
            (3, [2, 2, 1]), (5, [0x8000_0001]), (4, [0x8000_0001]), (6, [0x8000_0003]),
            (7, [0x8000_0003]), (8, [1]), (9, [0x8000_0003]), (10, [0x8000_0003]),
            (11, [0x8000_0001]), (0, [0x8000_0001]), (0xffff_ffff, [0x8000_0001]),
        ] as [(UInt32, [UInt32])]
    )
    func emptyOption(number: UInt32, types: [UInt32]) {
        var drill = HandshakeDrill()
        let result = drill.option(number)
        #expect(result.step == .needsInput)
        #expect(result.replies.map(\.type) == types)
        #expect(result.replies.allSatisfy { $0.option == number })
    }

    @Test("data where none belongs is refused", arguments: [3, 5, 8] as [UInt32])
    func surplusData(number: UInt32) {
        var drill = HandshakeDrill()
        #expect(drill.option(number, [1]).replies.map(\.type) == [Self.invalid])
        #expect(!drill.handshake.isStructured)
    }

    @Test("ABORT is acknowledged, with data or without", arguments: [0, 5])
    func abort(count: Int) {
        var drill = HandshakeDrill()
        let result = drill.option(2, [UInt8](repeating: 1, count: count))
        #expect(result.step == .end)
        #expect(result.replies.map(\.type) == [1])
    }

    @Test("INFO tells and stays, GO tells the same and enters")
    func informationAndGo() {
        var drill = HandshakeDrill()
        let data = HandshakeDrill.goData("beta", [0, 1, 2, 3, 77])
        let told = drill.option(6, data)
        #expect(told.step == .needsInput)
        #expect(told.replies.map(\.type) == [3, 3, 3, 1])
        #expect(told.replies[0].data == [0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x05, 0x0f])
        #expect(told.replies[1].data == [0, 1] + Array("beta".utf8))
        #expect(told.replies[2].data == [0, 3, 0, 0, 2, 0, 0, 0, 0x10, 0, 2, 0, 0, 0])
        let entered = drill.option(7, data)
        #expect(entered.replies.map(\.data) == told.replies.map(\.data))
        let agreement = NBDAgreement(exportKey: "b", isStructured: false, hasAllocation: false)
        #expect(entered.step == .enter(agreement))
    }

    @Test("GO of what does not exist, or is full, can be tried again")
    func goAgain() {
        var drill = HandshakeDrill()
        drill.catalogue.fullKeys = ["b"]
        #expect(drill.option(7, HandshakeDrill.goData("x")).replies.map(\.type) == [Self.unknown])
        let full = drill.option(7, HandshakeDrill.goData("beta"))
        #expect(full.replies.map(\.type) == [0x8000_0002])
        #expect(full.step == .needsInput)
        guard case .enter = drill.option(7, HandshakeDrill.goData("alpha")).step else {
            Issue.record("a good GO after bad ones was refused")
            return
        }
    }

    @Test(
        "names of odd lengths find nothing and are not echoed",
        arguments: [0, 1, 255, 256, 257, 4095, 4096, 4097, 65_000]
    )
    func nameLengths(count: Int) {
        var drill = HandshakeDrill()
        let name = String(repeating: "n", count: count)
        let replies = drill.option(7, HandshakeDrill.goData(name)).replies
        #expect(replies.map(\.type) == [count > 4096 ? Self.tooBig : Self.unknown])
        #expect(replies[0].data.count < 100)
    }

    @Test(
        "a name length that goes beyond the data is refused",
        arguments: [1, 7, 0x7fff_ffff, 0x8000_0000, 0xffff_fffe, 0xffff_ffff] as [UInt32]
    )
    func nameBeyondData(length: UInt32) {
        for number: UInt32 in [6, 7, 9, 10] {
            var drill = HandshakeDrill()
            _ = drill.option(8)
            var data: [UInt8] = []
            data.append(bigEndian: length)
            data += [0, 0]
            #expect(drill.option(number, data).replies.map(\.type) == [Self.invalid])
        }
    }

    @Test(
        "an option longer than 64 KiB ends the conversation before its data is awaited",
        arguments: [65_537, 1 << 31, 0xffff_ffff] as [UInt32]
    )
    func optionLength(length: UInt32) {
        for number: UInt32 in [1, 3, 7, 99] {
            var drill = HandshakeDrill()
            #expect(drill.option(number, length: length).step == .end)
        }
    }

    @Test("a wrong magic number ends the conversation")
    func magic() {
        var drill = HandshakeDrill()
        drill.input = Array("IHAVEOPX".utf8) + [UInt8](repeating: 0, count: 8)
        #expect(drill.run() == .end)
    }

    @Test("more options than the limit end the conversation")
    func optionCount() {
        var drill = HandshakeDrill()
        for _ in 0..<NBDHandshake.optionCountMax {
            #expect(drill.option(99).step == .needsInput)
        }
        #expect(drill.option(99).step == .end)
    }

    @Test("a context is selected for one export, with structured replies only")
    func contexts() {
        var drill = HandshakeDrill()
        let data = HandshakeDrill.contextData("alpha", ["x-other:y", "base:allocation"])
        #expect(drill.option(10, data).replies.map(\.type) == [Self.invalid])
        _ = drill.option(8)
        let selected = drill.option(10, data).replies
        #expect(selected.map(\.type) == [4, 1])
        #expect(selected[0].data == [0, 0, 0, 1] + Array("base:allocation".utf8))
        var other = drill
        let agreement = NBDAgreement(exportKey: "a", isStructured: true, hasAllocation: true)
        #expect(drill.option(7, HandshakeDrill.goData("alpha")).step == .enter(agreement))
        let without = NBDAgreement(exportKey: "b", isStructured: true, hasAllocation: false)
        #expect(other.option(7, HandshakeDrill.goData("beta")).step == .enter(without))
    }

    @Test("a failed selection voids the one before")
    func failedSelection() {
        var drill = HandshakeDrill()
        _ = drill.option(8)
        _ = drill.option(10, HandshakeDrill.contextData("alpha", ["base:allocation"]))
        #expect(drill.handshake.selectedKey == "a")
        _ = drill.option(10, HandshakeDrill.contextData("gamma", ["base:allocation"]))
        #expect(drill.handshake.selectedKey == nil)
    }

    @Test(
        "queries list and select what they mean",
        arguments: [
            ([], 2, 0), (["base:"], 1, 0), (["base:allocation"], 1, 1), (["qemu:"], 1, 0),
            (["base:allocatio"], 0, 0), (["base"], 0, 0), ([""], 0, 0),
            (["qemu:allocation-depth"], 1, 1), (["qemu:dirty-bitmap:x"], 0, 0),
            (["qemu:allocation-depth", "base:allocation", "base:"], 2, 2),
        ] as [([String], Int, Int)]
    )
    func queries(queries: [String], listedCount: Int, selectedCount: Int) {
        var drill = HandshakeDrill()
        _ = drill.option(8)
        let data = HandshakeDrill.contextData("alpha", queries)
        #expect(
            drill.option(9, data).replies.map(\.type)
                == Array(repeating: 4, count: listedCount) + [1]
        )
        #expect(
            drill.option(10, data).replies.map(\.type)
                == Array(repeating: 4, count: selectedCount) + [1]
        )
    }

    @Test("every truncation of a good session waits for more, byte by byte")
    func truncations() {
        var session: [UInt8] = [0, 0, 0, 3]
        session += HandshakeDrill.option(3, [])
        session += HandshakeDrill.option(8, [])
        session += HandshakeDrill.option(
            10,
            HandshakeDrill.contextData("alpha", ["base:allocation"])
        )
        session += HandshakeDrill.option(7, HandshakeDrill.goData("alpha", [3]))
        for end in 0..<session.count {
            var drill = HandshakeDrill(untouched: ())
            drill.input = Array(session[..<end])
            #expect(drill.run() == .needsInput)
        }
        var drill = HandshakeDrill(untouched: ())
        for byte in session.dropLast() {
            drill.input.append(byte)
            #expect(drill.run() == .needsInput)
        }
        drill.input += [session[session.count - 1], 9, 9]
        let agreement = NBDAgreement(exportKey: "a", isStructured: true, hasAllocation: true)
        #expect(drill.run() == .enter(agreement))
        #expect(drill.input == [9, 9])
    }

    @Test("random bytes behind the flags end or wait, and never grow the output without end")
    func noise() {
        var state: UInt64 = 0x9e37_79b9_7f4a_7c15
        for _ in 0..<2000 {
            var drill = HandshakeDrill()
            for _ in 0..<6 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                let count = Int((state >> 33) % 40)
                let data = (0..<count).map { UInt8(truncatingIfNeeded: state >> ($0 % 56)) }
                let result = drill.option(UInt32((state >> 20) % 12), data)
                #expect(drill.output.count < 4096)
                guard result.step == .needsInput else { break }
            }
        }
    }
}
