import BlockGraph
import GraphModel
import Testing

@testable import BlockExports

@Suite("NBD terms")
struct NBDTermsTests {
    static let size: UInt64 = 1 << 20

    static func terms(
        alignment: UInt32 = 1,
        isWritable: Bool = true,
        isStructured: Bool = true,
        hasAllocation: Bool = true
    ) -> NBDTerms {
        NBDTerms(
            limits: BlockLimits(sizeBytes: size, alignmentBytes: alignment),
            rights: isWritable ? [.consistentRead, .write] : .consistentRead,
            agreement: NBDAgreement(
                exportKey: "a",
                isStructured: isStructured,
                hasAllocation: hasAllocation
            )
        )
    }

    struct Case: Sendable, CustomStringConvertible {
        var type: UInt16
        var offset: UInt64
        var length: UInt32
        var flags: UInt16 = 0
        var error: UInt32?
        var description: String { "\(type) at \(offset)+\(length) flags \(flags)" }

        var command: NBDCommand {
            NBDCommand(
                type: NBDCommandType(rawValue: type),
                flags: NBDCommandFlags(rawValue: flags),
                offsetBytes: offset,
                lengthBytes: length
            )
        }
    }

    static let cases: [Case] = [
        Case(type: 0, offset: 0, length: 4096, error: nil),
        Case(type: 0, offset: size, length: 0, error: nil),
        Case(type: 0, offset: size, length: 1, error: 22),
        Case(type: 0, offset: size + 1, length: 0, error: 22),
        Case(type: 0, offset: size - 1, length: 2, error: 22),
        Case(type: 0, offset: 1 << 63, length: 4096, error: 22),
        Case(type: 0, offset: .max, length: .max, error: 22),
        Case(type: 0, offset: .max - 4095, length: 4096, error: 22),
        Case(type: 0, offset: 0, length: 1, flags: 4, error: nil),
        Case(type: 0, offset: 0, length: 1, flags: 2, error: 22),
        Case(type: 1, offset: size, length: 1, error: 28),
        Case(type: 1, offset: .max, length: 1, error: 28),
        Case(type: 1, offset: 0, length: 512, flags: 1, error: nil),
        Case(type: 1, offset: 0, length: 512, flags: 0x80, error: 22),
        Case(type: 3, offset: 0, length: 0, error: nil),
        Case(type: 3, offset: 1, length: 0, error: 22),
        Case(type: 3, offset: 0, length: 1, error: 22),
        Case(type: 4, offset: 1, length: 1, error: nil),
        Case(type: 4, offset: size, length: 1, error: 22),
        Case(type: 4, offset: 0, length: .max, error: 22),
        Case(type: 5, offset: 0, length: 4096, error: nil),
        Case(type: 5, offset: size, length: 4096, error: 22),
        Case(type: 6, offset: 0, length: .max, error: 28),
        Case(type: 6, offset: size, length: .max, error: 28),
        Case(type: 6, offset: 0, length: 4096, flags: 0x13, error: nil),
        Case(type: 6, offset: 0, length: 4096, flags: 0x8, error: 22),
        Case(type: 7, offset: 0, length: 4096, flags: 8, error: nil),
        Case(type: 7, offset: 0, length: 0, error: 22),
        Case(type: 7, offset: size - 1, length: .max, error: 22),
        Case(type: 8, offset: 0, length: 0, error: 22),
        Case(type: 0xffff, offset: 0, length: 0, error: 22),
    ]

    @Test("a command is allowed or refused as the protocol says", arguments: cases)
    func table(example: Case) {
        #expect(Self.terms().refusal(of: example.command)?.rawValue == example.error)
    }

    @Test("changes of a read-only export are not permitted", arguments: [1, 4, 6] as [UInt16])
    func readOnly(type: UInt16) {
        let example = Case(type: type, offset: 0, length: 512)
        #expect(Self.terms(isWritable: false).refusal(of: example.command) == .notPermitted)
    }

    @Test("what is not aligned is invalid", arguments: [0, 1, 4, 5, 6, 7] as [UInt16])
    func alignment(type: UInt16) {
        let terms = Self.terms(alignment: 512)
        for (offset, length) in [(1, 512), (512, 511), (256, 256)] as [(UInt64, UInt32)] {
            let example = Case(type: type, offset: offset, length: length)
            #expect(terms.refusal(of: example.command) == .invalid)
        }
        #expect(terms.refusal(of: Case(type: type, offset: 512, length: 1024).command) == nil)
    }

    @Test("what was not agreed cannot be used")
    func agreement() {
        let plain = Self.terms(isStructured: false, hasAllocation: false)
        let fragment = Case(type: 0, offset: 0, length: 1, flags: 4)
        #expect(plain.refusal(of: fragment.command) == .invalid)
        #expect(plain.refusal(of: Case(type: 7, offset: 0, length: 1).command) == .invalid)
    }

    @Test("a range is inside a size, and no sum wraps")
    func bounds() {
        #expect(NBDTerms.contains(.max, offset: .max, length: 0))
        #expect(!NBDTerms.contains(.max, offset: .max, length: 1))
        #expect(!NBDTerms.contains(10, offset: 5, length: .max))
        #expect(NBDTerms.contains(10, offset: 5, length: 5))
        #expect(!NBDTerms.contains(10, offset: 11, length: 0))
    }

    @Test(
        "a Linux error becomes one that the protocol has",
        arguments: [
            (0, nil), (1, 1), (13, 1), (30, 1), (5, 5), (12, 12), (22, 22), (75, 22), (28, 28),
            (122, 28), (27, 28), (95, 22), (108, 108), (110, 5), (4095, 5),
        ] as [(Int32, UInt32?)]
    )
    func errors(linux: Int32, wire: UInt32?) {
        #expect(NBDError(linux: linux)?.rawValue == wire)
    }

    @Test("only a fast operation may be told that it is not supported")
    func notSupported() {
        #expect(NBDError(linux: 95, fastOnly: true) == .notSupported)
    }

    @Test("a header is read at any address, and a wrong magic is none")
    func header() {
        var bytes: [UInt8] = [0xff, 0x25, 0x60, 0x95, 0x13, 0, 1, 0, 6]
        bytes += [1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 2, 0]
        bytes.withUnsafeBytes { room in
            guard let start = room.baseAddress else { return }
            let command = NBDCommand(at: start + 1)
            #expect(command?.type == .writeZeroes)
            #expect(command?.flags == .forceUnitAccess)
            #expect(command?.offsetBytes == 4096)
            #expect(command?.lengthBytes == 512)
            #expect(NBDCommand(at: start) == nil)
        }
    }
}
