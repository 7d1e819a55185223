/// The replies to one option, as bytes.
///
/// - SeeAlso: NBD protocol, "Fixed newstyle negotiation" and "Option reply types".
struct NBDOptionAnswer {
    private static let magic: UInt64 = 0x0003_e889_0455_65a9

    private let option: UInt32
    /// What to send.
    private(set) var bytes: [UInt8] = []

    /// No reply yet to an option of this number.
    init(option: UInt32) { self.option = option }

    /// Adds a reply; the client's own text is never part of it.
    mutating func add(_ type: NBDOptionReply, _ data: [UInt8] = []) {
        bytes.append(bigEndian: Self.magic)
        bytes.append(bigEndian: option)
        bytes.append(bigEndian: type.rawValue)
        bytes.append(bigEndian: UInt32(data.count))
        bytes += data
    }

    /// Adds the answer to `NBD_OPT_EXPORT_NAME`, which has no header.
    mutating func addExport(_ facts: NBDExportFacts, isStructured: Bool, zeroCount: Int) {
        bytes.append(bigEndian: facts.sizeBytes)
        bytes.append(bigEndian: facts.transmissionFlags(isStructured: isStructured).rawValue)
        bytes += [UInt8](repeating: 0, count: zeroCount)
    }

    /// Adds what is known of an export: size and flags always, the rest when it is wanted.
    mutating func addInformation(
        _ facts: NBDExportFacts,
        wanted: Set<NBDInformation>,
        isStructured: Bool
    ) {
        addInformation(.export) {
            $0.append(bigEndian: facts.sizeBytes)
            $0.append(bigEndian: facts.transmissionFlags(isStructured: isStructured).rawValue)
        }
        if wanted.contains(.name) { addInformation(.name) { $0 += facts.name.utf8 } }
        if wanted.contains(.description), !facts.description.isEmpty {
            addInformation(.description) {
                $0 += facts.description.utf8.prefix(NBDHandshake.nameBytesMax)
            }
        }
        // Constraints that are not the protocol's own are told even to those who did not ask.
        guard wanted.contains(.blockSize) || facts.blockBytesMin > 1 else { return }
        addInformation(.blockSize) {
            $0.append(bigEndian: facts.blockBytesMin)
            $0.append(bigEndian: facts.blockBytesPreferred)
            $0.append(bigEndian: facts.payloadBytesMax)
        }
    }

    /// Adds a metadata context.
    mutating func addContext(_ number: UInt32, name: String) {
        var data: [UInt8] = []
        data.append(bigEndian: number)
        data += name.utf8
        add(.metaContext, data)
    }

    private mutating func addInformation(
        _ type: NBDInformation,
        _ fill: (inout [UInt8]) -> Void
    ) {
        var data: [UInt8] = []
        data.append(bigEndian: type.rawValue)
        fill(&data)
        add(.info, data)
    }
}
