import GraphModel

extension DocumentTape {
    /// What is wrong with a merge key.
    enum MergeFault {
        /// It names something that has no keys.
        case noMapping(Value)
        /// Two merged mappings say different things for a key.
        case disagreement(DocumentEntry, with: DocumentEntry)
    }

    /// The entries of a mapping, those that merge keys bring included; the written ones win.
    func entries(_ value: Value, _ faults: inout [MergeFault]) -> [DocumentEntry] {
        let start = target(value)
        let end = next(start)
        var found: [DocumentEntry] = []
        var key = start + 1
        while key < end {
            let value = key + 1
            let word = cells[Int(key)].word
            if word != Self.dropped, word != Vocabulary.merge {
                found.append(DocumentEntry(word: word, key: key, value: value))
            }
            key = next(value)
        }
        if cells[Int(start)].isMerging { merge(start, into: &found, &faults) }
        return found
    }

    private func merge(
        _ mapping: Value,
        into found: inout [DocumentEntry],
        _ faults: inout [MergeFault]
    ) {
        let own = Set(found.map(\.word))
        var added: [WordTable.Word: Int] = [:]
        var key = mapping + 1
        let end = next(mapping)
        while key < end {
            let value = key + 1
            if cells[Int(key)].word == Vocabulary.merge {
                for entry in sources(value, &faults) where !own.contains(entry.word) {
                    if let earlier = added[entry.word] {
                        guard !saysSame(found[earlier].value, entry.value) else { continue }
                        faults.append(.disagreement(entry, with: found[earlier]))
                    } else {
                        added[entry.word] = found.count
                        found.append(entry)
                    }
                }
            }
            key = next(value)
        }
    }

    /// Entries of a mapping, or of several, that a merge key names.
    private func sources(_ value: Value, _ faults: inout [MergeFault]) -> [DocumentEntry] {
        let origin = cells[Int(value)].kind == .alias ? value : nil
        switch kind(value) {
        case .mapping:
            return entries(value, &faults).map { entry in
                var entry = entry
                entry.origin = origin ?? entry.origin
                return entry
            }
        case .sequence: return elements(value).flatMap { sources($0, &faults) }
        default:
            faults.append(.noMapping(value))
            return []
        }
    }

    /// Whether two values say the same, whatever stands around them.
    private func saysSame(_ left: Value, _ right: Value) -> Bool {
        let (one, other) = (target(left), target(right))
        if one == other { return true }
        let kinds = (cells[Int(one)].kind, cells[Int(other)].kind)
        switch kinds {
        case (.sequence, .sequence):
            let (values, others) = (elements(one), elements(other))
            return values.count == others.count && zip(values, others).allSatisfy(saysSame)
        case (.mapping, .mapping):
            var faults: [MergeFault] = []
            let (values, others) = (entries(one, &faults), entries(other, &faults))
            return values.count == others.count
                && zip(values, others).allSatisfy {
                    $0.word == $1.word && saysSame($0.value, $1.value)
                }
        default: return isScalar(one) && isScalar(other) && bytes(one) == bytes(other)
        }
    }
}
