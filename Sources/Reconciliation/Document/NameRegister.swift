import GraphModel

/// Which names are declared, and which references still wait for their declaration.
struct NameRegister {
    /// A name that was used, whether or not anything of it is declared.
    struct Reference {
        /// What it should name.
        let kind: ObjectKind
        /// The name.
        let name: WordTable.Word
        /// Who uses it.
        let user: Subject
        /// Path of the option or edge that uses it.
        let path: GraphMarks.Path
    }

    /// An object by its kind and name.
    struct Subject: Hashable {
        /// Its kind.
        let kind: ObjectKind
        /// Its name.
        let name: WordTable.Word
    }

    /// For each kind, the record of each name in the marks, from 1; 0 for none.
    private var records = [[GraphMarks.Record]](
        repeating: [],
        count: ObjectKind.allCases.count
    )
    /// Names in the form in which equal ones are equal, of those that are not ASCII.
    private var spellings: [Spelled: WordTable.Word] = [:]
    /// Declared names that are not ASCII.
    private(set) var foreign: [Subject] = []
    /// Names that were used, in the order of the files.
    private(set) var references: [Reference] = []
    /// Objects of which a part was not read: what stands inline in them is not known.
    private(set) var unread: Set<Subject> = []

    private struct Spelled: Hashable {
        let kind: ObjectKind
        /// Strings are equal when their scalars are canonically equivalent.
        let text: String
    }

    /// Makes room for references.
    mutating func reserve(references count: Int) { references.reserveCapacity(count) }

    /// Notes a name that is declared, with its record in the marks.
    mutating func declare(
        _ kind: ObjectKind,
        _ name: WordTable.Word,
        _ record: GraphMarks.Record
    ) {
        let (kind, place) = (kind.number, Int(name))
        if place >= records[kind].count {
            let count = max(place + 1, 2 * records[kind].count)
            records[kind] += [Int32](repeating: 0, count: count - records[kind].count)
        }
        records[kind][place] = record + 1
    }

    /// The record of a declared object.
    func record(_ kind: ObjectKind, _ name: WordTable.Word) -> GraphMarks.Record? {
        let records = records[kind.number]
        guard Int(name) < records.count, records[Int(name)] > 0 else { return nil }
        return records[Int(name)] - 1
    }

    /// Whether an object is declared.
    func isDeclared(_ kind: ObjectKind, _ name: WordTable.Word) -> Bool {
        record(kind, name) != nil
    }

    /// Notes the spelling of a name that is not ASCII; another one of the same letters, if any.
    mutating func spell(
        _ kind: ObjectKind,
        _ name: WordTable.Word,
        _ text: String
    ) -> WordTable.Word? {
        let spelled = Spelled(kind: kind, text: text)
        if let other = spellings[spelled] { return other == name ? nil : other }
        spellings[spelled] = name
        foreign.append(Subject(kind: kind, name: name))
        return nil
    }

    /// The declared name of the same letters, when it is spelled with other scalars.
    func otherSpelling(
        of kind: ObjectKind,
        _ name: WordTable.Word,
        _ text: String
    ) -> WordTable.Word? {
        spellings[Spelled(kind: kind, text: text)].flatMap { $0 == name ? nil : $0 }
    }

    /// Notes that somebody uses a name.
    mutating func refer(
        to kind: ObjectKind,
        _ name: WordTable.Word,
        from user: Subject,
        path: GraphMarks.Path
    ) {
        references.append(Reference(kind: kind, name: name, user: user, path: path))
    }

    /// Notes names that somebody used when a file was read before.
    mutating func refer(to others: [Reference]) { references += others }

    /// Notes that what stands inline in an object is not known.
    mutating func leave(_ object: Subject) { unread.insert(object) }

    /// Names of a kind.
    func names(of kind: ObjectKind) -> [WordTable.Word] {
        records[kind.number].indices.map { WordTable.Word($0) }.filter { isDeclared(kind, $0) }
    }
}
