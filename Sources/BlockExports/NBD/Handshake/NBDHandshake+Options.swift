// The options that carry names; each checks its data whole before it answers.
extension NBDHandshake {
    /// `NBD_OPT_LIST`.
    func list(
        _ data: ArraySlice<UInt8>,
        _ answer: inout NBDOptionAnswer,
        _ catalogue: some NBDCatalogue
    ) {
        guard data.isEmpty else { return answer.add(.invalid) }
        for facts in catalogue.exports {
            guard answer.bytes.count < Self.listBytesMax else { return answer.add(.tooBig) }
            var text: [UInt8] = []
            let name = Array(facts.name.utf8)
            text.append(bigEndian: UInt32(name.count))
            text += name
            text += facts.description.utf8.prefix(Self.nameBytesMax)
            answer.add(.server, text)
        }
        answer.add(.acknowledged)
    }

    /// `NBD_OPT_INFO` and `NBD_OPT_GO`.
    ///
    /// - Returns: What would be agreed, when the answer was a success.
    func tell(
        _ data: ArraySlice<UInt8>,
        _ answer: inout NBDOptionAnswer,
        _ catalogue: some NBDCatalogue
    ) -> NBDAgreement? {
        var reader = NBDByteReader(data)
        guard let name = Self.name(&reader), let count = reader.number(UInt16.self),
            reader.remainingCount == 2 * Int(count)
        else {
            answer.add(.invalid)
            return nil
        }
        var wanted: Set<NBDInformation> = []
        while let number = reader.number(UInt16.self) {
            if let information = NBDInformation(rawValue: number) { wanted.insert(information) }
        }
        guard name.count <= Self.nameBytesMax else {
            answer.add(.tooBig)
            return nil
        }
        guard let facts = Self.find(name, catalogue) else {
            answer.add(.unknown)
            return nil
        }
        guard !catalogue.isFull(facts.key) else {
            answer.add(.policy, Array("too many clients are connected to this export".utf8))
            return nil
        }
        answer.addInformation(facts, wanted: wanted, isStructured: isStructured)
        answer.add(.acknowledged)
        return agreement(facts)
    }

    /// `NBD_OPT_LIST_META_CONTEXT` and `NBD_OPT_SET_META_CONTEXT`.
    mutating func contexts(
        _ data: ArraySlice<UInt8>,
        isSelection: Bool,
        _ answer: inout NBDOptionAnswer,
        _ catalogue: some NBDCatalogue
    ) {
        // The old selection is void even when the new one fails.
        if isSelection { selectedKey = nil }
        var reader = NBDByteReader(data)
        guard isStructured, let name = Self.name(&reader),
            let count = reader.number(UInt32.self),
            var wanted = Self.readQueries(&reader, count: count, isSelection: isSelection)
        else { return answer.add(.invalid) }
        guard name.count <= Self.nameBytesMax else { return answer.add(.tooBig) }
        guard let facts = Self.find(name, catalogue) else { return answer.add(.unknown) }
        if isSelection {
            selectedKey = facts.key
            selectedContexts = wanted
        } else if count == 0 {
            wanted = Set(NBDContext.allCases)
        }
        for context in NBDContext.allCases where wanted.contains(context) {
            answer.addContext(isSelection ? context.rawValue : 0, name: context.name)
        }
        answer.add(.acknowledged)
    }

    /// Reads all queries.
    ///
    /// - Returns: The contexts that they mean; nothing when they are malformed.
    private static func readQueries(
        _ reader: inout NBDByteReader,
        count: UInt32,
        isSelection: Bool
    ) -> Set<NBDContext>? {
        var found: Set<NBDContext> = []
        // Each query takes at least four bytes, so the option's length limits the loop.
        guard Int(count) <= reader.remainingCount / 4 else { return nil }
        for _ in 0..<count {
            guard let length = reader.number(UInt32.self),
                let query = reader.bytes(count: Int(length))
            else { return nil }
            for context in NBDContext.allCases
            where query.elementsEqual(context.name.utf8)
                || !isSelection && query.elementsEqual(context.space.utf8)
            {
                found.insert(context)
            }
        }
        return reader.remainingCount == 0 ? found : nil
    }

    private static func name(_ reader: inout NBDByteReader) -> ArraySlice<UInt8>? {
        guard let length = reader.number(UInt32.self) else { return nil }
        return reader.bytes(count: Int(length))
    }

    private static func find(
        _ name: ArraySlice<UInt8>,
        _ catalogue: some NBDCatalogue
    ) -> NBDExportFacts? {
        String(validating: name, as: UTF8.self).flatMap { catalogue.export(named: $0) }
    }
}
