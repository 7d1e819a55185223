/// The server's side of a fixed newstyle handshake as a value: bytes in, bytes and steps out.
///
/// ```
/// greeted --client flags--> options --GO, EXPORT_NAME--> enter
///                           options --ABORT, breach, limit--> end
/// ```
/// It knows no socket and no clock. Options are answered one by one: the caller sends what is in
/// `output` before it asks for the next step, so that a client cannot make answers pile up.
///
/// - SeeAlso: NBD protocol, "Fixed newstyle negotiation".
struct NBDHandshake {
    /// Longest data of one option; a client that announces more is cut off.
    static let optionBytesMax = 64 << 10
    /// Longest name, as the protocol limits its strings.
    static let nameBytesMax = 4096
    /// Most options of one handshake.
    static let optionCountMax = 512
    /// Longest answer to a list of exports.
    static let listBytesMax = 4 << 20

    /// What the caller does next.
    enum Step: Equatable {
        /// Send the output, then call again.
        case reply
        /// Call again when more bytes have come.
        case needsInput
        /// Send the output, then serve the export; what is left of the input belongs to it.
        case enter(NBDAgreement)
        /// Send the output, then close.
        case end
    }

    /// `NBDMAGIC`, `IHAVEOPT` and the handshake flags `FIXED_NEWSTYLE` and `NO_ZEROES`.
    static let greeting: [UInt8] = Array("NBDMAGICIHAVEOPT".utf8) + [0, 3]

    private static let optionMagic: UInt64 = 0x4948_4156_454F_5054
    private static let optionHeaderBytes = 16

    private enum Phase {
        case greeted
        case options
        case over
    }

    private var phase = Phase.greeted
    private var isFixed = false
    private var omitsZeroes = false
    private var optionCount = 0
    /// Whether structured replies were agreed.
    var isStructured = false
    /// Key of the export for which contexts were selected.
    var selectedKey: String?
    /// These contexts.
    var selectedContexts: Set<NBDContext> = []

    /// A handshake at its start; the caller sends ``greeting`` first.
    init() {}

    /// Takes the next step.
    ///
    /// - Parameters:
    ///   - input: What the client has sent; what is used is removed.
    ///   - output: What the client shall get is added here.
    ///   - catalogue: The exports that it may find.
    /// - Returns: What the caller does next.
    mutating func advance(
        input: inout [UInt8],
        output: inout [UInt8],
        catalogue: some NBDCatalogue
    ) -> Step {
        switch phase {
        case .greeted: takeClientFlags(&input)
        case .options: takeOption(&input, &output, catalogue)
        case .over: .end
        }
    }

    private mutating func takeClientFlags(_ input: inout [UInt8]) -> Step {
        var reader = NBDByteReader(input[...])
        guard let flags = reader.number(UInt32.self) else { return .needsInput }
        input.removeFirst(4)
        guard flags & ~3 == 0 else { return finish() }
        isFixed = flags & 1 != 0
        omitsZeroes = flags & 2 != 0
        phase = .options
        return .reply
    }

    private mutating func takeOption(
        _ input: inout [UInt8],
        _ output: inout [UInt8],
        _ catalogue: some NBDCatalogue
    ) -> Step {
        var reader = NBDByteReader(input[...])
        guard let magic = reader.number(UInt64.self), let number = reader.number(UInt32.self),
            let length = reader.number(UInt32.self)
        else { return .needsInput }
        guard magic == Self.optionMagic, length <= Self.optionBytesMax,
            optionCount < Self.optionCountMax
        else { return finish() }
        guard let data = reader.bytes(count: Int(length)) else { return .needsInput }
        optionCount += 1
        input.removeFirst(Self.optionHeaderBytes + Int(length))
        let option = NBDOption(rawValue: number)
        // A client that does not know answers to options may only name an export.
        guard isFixed || option == .exportName else { return finish() }
        var answer = NBDOptionAnswer(option: number)
        defer { output += answer.bytes }
        switch option {
        case .exportName: return enterByName(data, &answer, catalogue)
        case .abort:
            answer.add(.acknowledged)
            return finish()
        case .list: list(data, &answer, catalogue)
        case .info, .go:
            guard let agreement = tell(data, &answer, catalogue) else { return .reply }
            return option == .go ? enter(agreement) : .reply
        case .structuredReply:
            if data.isEmpty { isStructured = true }
            answer.add(data.isEmpty ? .acknowledged : .invalid)
        case .listMetaContext, .setMetaContext:
            contexts(data, isSelection: option == .setMetaContext, &answer, catalogue)
        case .startTLS: answer.add(data.isEmpty ? .unsupported : .invalid)
        case nil: answer.add(.unsupported)
        }
        return .reply
    }

    private mutating func finish() -> Step {
        phase = .over
        return .end
    }

    private mutating func enter(_ agreement: NBDAgreement) -> Step {
        phase = .over
        return .enter(agreement)
    }

    private mutating func enterByName(
        _ data: ArraySlice<UInt8>,
        _ answer: inout NBDOptionAnswer,
        _ catalogue: some NBDCatalogue
    ) -> Step {
        guard data.count <= Self.nameBytesMax,
            let name = String(validating: data, as: UTF8.self),
            let facts = catalogue.export(named: name), !catalogue.isFull(facts.key)
        else { return finish() }
        answer.addExport(
            facts,
            isStructured: isStructured,
            zeroCount: omitsZeroes ? 0 : 124
        )
        return enter(agreement(facts))
    }

    func agreement(_ facts: NBDExportFacts) -> NBDAgreement {
        let contexts = selectedKey == facts.key ? selectedContexts : []
        return NBDAgreement(
            exportKey: facts.key,
            isStructured: isStructured,
            hasAllocation: contexts.contains(.allocation),
            hasDepth: contexts.contains(.depth)
        )
    }
}
