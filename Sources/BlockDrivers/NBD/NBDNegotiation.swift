/// The client's side of a handshake, without input and output of its own.
///
/// ```
/// greeting -> structured replies? -> base:allocation? -> go -> done
///                                                    go refused as unknown -> export name -> done
/// ```
/// Whoever runs it sends ``output``, receives exactly ``wantedBytes``, and hands them over.
struct NBDNegotiation {
    private enum Stage {
        case greeting
        case replyHeader
        case replyPayload(type: UInt32)
        case exportName
        case done
    }

    private enum Option {
        static let exportName: UInt32 = 1
        static let go: UInt32 = 7
        static let structuredReply: UInt32 = 8
        static let setMetaContext: UInt32 = 10
    }

    private enum Reply {
        static let acknowledgement: UInt32 = 1
        static let information: UInt32 = 3
        static let metaContext: UInt32 = 4
        static let errorBit: UInt32 = 1 << 31
        static let unsupported: UInt32 = 1 << 31 | 1
    }

    /// Longest reply to an option that is read.
    static let replyBytesMax: UInt32 = 64 << 10
    private static let replyCountMax = 1024
    private static let contextName = "base:allocation"

    private let export: [UInt8]
    private var stage = Stage.greeting
    private var option: UInt32 = 0
    private var replyCount = 0
    private var skipsZeroes = false
    private var hasSize = false
    private var terms = NBDServerTerms()

    /// What must be sent before anything is received; the caller empties it.
    var output: [UInt8] = []
    /// How many bytes are needed next.
    private(set) var wantedBytes = 18
    /// What was agreed, at the end.
    var result: NBDServerTerms? { if case .done = stage { terms } else { nil } }

    init(export: String) { self.export = Array(export.utf8) }

    /// Takes exactly the bytes that were wanted.
    mutating func take(_ bytes: UnsafeRawPointer) throws(NBDRefusal) {
        switch stage {
        case .greeting: try takeGreeting(bytes)
        case .replyHeader: try takeHeader(bytes)
        case .replyPayload(let type): try takeReply(type, bytes, count: wantedBytes)
        case .exportName:
            terms.sizeBytes = NBDWire.load64(bytes)
            terms.flags = NBDWire.load16(bytes, 8)
            try finish()
        case .done: break
        }
    }

    private mutating func takeGreeting(_ bytes: UnsafeRawPointer) throws(NBDRefusal) {
        guard NBDWire.load64(bytes) == NBDWire.greetingMagic else {
            throw NBDRefusal("it does not speak NBD")
        }
        guard NBDWire.load64(bytes, 8) == NBDWire.optionMagic else {
            throw NBDRefusal("it speaks the old NBD handshake, which ended in 2018; update it")
        }
        let flags = NBDWire.load16(bytes, 16)
        guard flags & 1 != 0 else {
            throw NBDRefusal("it does not know the fixed newstyle handshake; update it")
        }
        skipsZeroes = flags & 2 != 0
        NBDWire.append(UInt32(skipsZeroes ? 3 : 1), to: &output)
        ask(Option.structuredReply, [])
    }

    private mutating func ask(_ number: UInt32, _ payload: [UInt8]) {
        option = number
        replyCount = 0
        NBDWire.append(NBDWire.optionMagic, to: &output)
        NBDWire.append(number, to: &output)
        NBDWire.append(UInt32(payload.count), to: &output)
        output += payload
        expectHeader()
    }

    private mutating func expectHeader() {
        stage = .replyHeader
        wantedBytes = 20
    }

    private mutating func takeHeader(_ bytes: UnsafeRawPointer) throws(NBDRefusal) {
        guard NBDWire.load64(bytes) == NBDWire.optionReplyMagic else {
            throw NBDRefusal("a reply to an option began with a wrong number")
        }
        guard NBDWire.load32(bytes, 8) == option else {
            throw NBDRefusal("it answered option \(NBDWire.load32(bytes, 8)), not \(option)")
        }
        let length = NBDWire.load32(bytes, 16)
        guard length <= Self.replyBytesMax else {
            throw NBDRefusal("its reply to option \(option) is \(length) bytes long")
        }
        replyCount += 1
        guard replyCount <= Self.replyCountMax else {
            throw NBDRefusal("it answers option \(option) without end")
        }
        let type = NBDWire.load32(bytes, 12)
        guard length > 0 else { return try takeReply(type, bytes, count: 0) }
        stage = .replyPayload(type: type)
        wantedBytes = Int(length)
    }

    private mutating func takeReply(
        _ type: UInt32,
        _ bytes: UnsafeRawPointer,
        count: Int
    ) throws(NBDRefusal) {
        expectHeader()
        if type & Reply.errorBit != 0 { return try takeError(type, bytes, count: count) }
        switch (option, type) {
        case (_, Reply.acknowledgement):
            guard count == 0 else { throw NBDRefusal("an acknowledgement carried data") }
            try acknowledged()
        case (Option.setMetaContext, Reply.metaContext):
            guard terms.allocationContext == nil, count == 4 + Self.contextName.utf8.count,
                memoryEquals(bytes + 4, Self.contextName)
            else { throw NBDRefusal("it chose a context that nobody asked for") }
            terms.allocationContext = NBDWire.load32(bytes)
        case (Option.go, Reply.information):
            try takeInformation(bytes, count: count)
        default:
            throw NBDRefusal("it answered option \(option) with \(type), which is no answer to it")
        }
    }

    private mutating func acknowledged() throws(NBDRefusal) {
        switch option {
        case Option.structuredReply:
            terms.isStructured = true
            askContext()
        case Option.setMetaContext: askExport()
        default:
            guard hasSize else { throw NBDRefusal("it did not tell the export's size") }
            try finish()
        }
    }

    private mutating func takeError(
        _ type: UInt32,
        _ bytes: UnsafeRawPointer,
        count: Int
    ) throws(NBDRefusal) {
        switch option {
        case Option.structuredReply: askExport()
        case Option.setMetaContext:
            terms.allocationContext = nil
            askExport()
        case Option.go where type == Reply.unsupported:
            NBDWire.append(NBDWire.optionMagic, to: &output)
            NBDWire.append(Option.exportName, to: &output)
            NBDWire.append(UInt32(export.count), to: &output)
            output += export
            stage = .exportName
            wantedBytes = skipsZeroes ? 10 : 134
        default:
            throw NBDRefusal(refusal(type, UnsafeRawBufferPointer(start: bytes, count: count)))
        }
    }

    private mutating func takeInformation(
        _ bytes: UnsafeRawPointer,
        count: Int
    ) throws(NBDRefusal) {
        guard count >= 2 else { throw NBDRefusal("an information was empty") }
        switch NBDWire.load16(bytes) {
        case 0:
            guard count == 12 else { throw NBDRefusal("the size came in \(count) bytes, not 12") }
            hasSize = true
            terms.sizeBytes = NBDWire.load64(bytes, 2)
            terms.flags = NBDWire.load16(bytes, 10)
        case 3:
            guard count == 14 else {
                throw NBDRefusal("the block sizes came in \(count) bytes, not 14")
            }
            terms.minimumBytes = NBDWire.load32(bytes, 2)
            terms.preferredBytes = NBDWire.load32(bytes, 6)
            let maximum = NBDWire.load32(bytes, 10)
            terms.maximumBytes = maximum == .max ? 0 : maximum
        default: break
        }
    }

    private mutating func askContext() {
        var payload: [UInt8] = []
        NBDWire.append(UInt32(export.count), to: &payload)
        payload += export
        NBDWire.append(UInt32(1), to: &payload)
        NBDWire.append(UInt32(Self.contextName.utf8.count), to: &payload)
        payload += Self.contextName.utf8
        ask(Option.setMetaContext, payload)
    }

    private mutating func askExport() {
        var payload: [UInt8] = []
        NBDWire.append(UInt32(export.count), to: &payload)
        payload += export
        NBDWire.append(UInt16(1), to: &payload)
        NBDWire.append(UInt16(3), to: &payload)
        ask(Option.go, payload)
    }

    private mutating func finish() throws(NBDRefusal) {
        try terms.check()
        stage = .done
        wantedBytes = 0
    }

    private func refusal(_ type: UInt32, _ text: UnsafeRawBufferPointer) -> String {
        let words = String(
            decoding: text.prefix(200).filter { $0 >= 32 && $0 < 127 },
            as: UTF8.self
        )
        let reason =
            switch type & ~Reply.errorBit {
            case 2: "it does not allow the export"
            case 5: "it wants TLS, which this version cannot do"
            case 6: "it has no such export"
            case 7: "it is shutting down"
            default: "it refused the export with error \(type & ~Reply.errorBit)"
            }
        return words.isEmpty ? reason : "\(reason) (\"\(words)\")"
    }

    private func memoryEquals(_ bytes: UnsafeRawPointer, _ text: String) -> Bool {
        text.utf8.elementsEqual(UnsafeRawBufferPointer(start: bytes, count: text.utf8.count))
    }
}
