// Reading entry by entry (``ConfigurationReader/readPiecewise(_:)``).
extension DocumentParser {
    /// Reads on to the end of an entry of a section, such as a node.
    ///
    /// - Returns: The entry with the word of its section; nothing at the end of the file, and where
    ///   a file must be read whole: an alias or a merge key may need what was dropped.
    mutating func readEntry(
        _ stream: inout EventStream
    ) throws(EventStream.Fault) -> (section: WordTable.Word, entry: DocumentEntry)? {
        while !isOver, try take(&stream) {
            guard isEntryWhole else { continue }
            isEntryWhole = false
            let section = stack[1].value
            guard anchors.isEmpty, stack.allSatisfy({ $0.anchor == nil && $0.isMapping }),
                !tape.cells[Int(section)].isMerging
            else {
                isOver = true
                hasUnreadPart = true
                return nil
            }
            let word = tape.cells[Int(entryKey)].word
            let entry = DocumentEntry(word: word, key: entryKey, value: entryKey + 1)
            return (tape.cells[Int(section) - 1].word, entry)
        }
        return nil
    }

    /// Takes the entry that was read last off the tape.
    mutating func dropEntry() {
        let start = tape.cells[Int(entryKey)].start
        tape.texts.removeLast(tape.texts.count - Int(start))
        tape.cells.removeLast(tape.cells.count - Int(entryKey))
    }
}
