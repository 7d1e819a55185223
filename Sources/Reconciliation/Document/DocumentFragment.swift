import GraphModel

/// What a file said when it was read, so that it need not be read again while it says the same.
///
/// Only of files about which there was nothing to tell: whoever tells something reads anew.
struct DocumentFragment: Sendable {
    /// Objects with their names, in the order of the file.
    fileprivate let declared: [NameRegister.Subject]
    /// Their places.
    fileprivate let places: GraphMarks.Part
    /// Its nodes.
    fileprivate let nodes: NumberedGraph.Part
    /// Their names.
    fileprivate let nodeWords: [WordTable.Word]
    /// Names of their children.
    fileprivate let childNames: [WordTable.Word]
    /// Nodes that take children of one driver only.
    fileprivate let choosing: [WordTable.Word]
    fileprivate let exports: [ConfigurationReader.ExportNames]
    fileprivate let references: [NameRegister.Reference]
}

extension ConfigurationReader {
    /// How far a reader came.
    struct Progress {
        fileprivate let objects: Int
        fileprivate let nodes: Int
        fileprivate let childNames: Int
        fileprivate let choosing: Int
        fileprivate let exports: Int
        fileprivate let references: Int
        fileprivate let findings: Int
        fileprivate let foreign: Int
        fileprivate let renamed: Int
    }

    /// How far it came.
    var progress: Progress {
        Progress(
            objects: declared.count,
            nodes: numbered.nodeCount,
            childNames: childNames.count,
            choosing: choosing.count,
            exports: exports.count,
            references: names.references.count,
            findings: findings.count,
            foreign: names.foreign.count,
            renamed: renamed.count
        )
    }

    /// Objects that were declared since then.
    func declared(since then: Progress) -> ArraySlice<Subject> { declared[then.objects...] }

    /// What was read since then; `nil` when there was anything about it that others must know.
    func fragment(since then: Progress) -> DocumentFragment? {
        guard !hasUnreadPart, findings.count == then.findings,
            names.foreign.count == then.foreign, renamed.count == then.renamed
        else { return nil }
        return DocumentFragment(
            declared: Array(declared[then.objects...]),
            places: marks.part(
                since: then.objects,
                kinds: declared[then.objects...].map(\.kind),
                names: declared[then.objects...].map { words.text($0.name) }
            ),
            nodes: numbered.part(since: then.nodes),
            nodeWords: Array(nodeWords[then.nodes...]),
            childNames: Array(childNames[then.childNames...]),
            choosing: Array(choosing[then.choosing...]),
            exports: exports[then.exports...].map { export in
                var export = export
                export.isKnown = true
                return export
            },
            references: Array(names.references[then.references...])
        )
    }

    /// Takes objects out of ``description``: their file says something else now.
    mutating func forget(_ objects: [Subject]) {
        for object in objects {
            description.remove(object.kind.object(words.text(object.name)))
        }
        noteChange(of: objects)
    }

    /// Notes objects that may not be what they were.
    mutating func noteChange(of objects: [Subject]) {
        for object in objects where object.kind == .node || object.kind == .export {
            let name = words.text(object.name)
            if object.kind == .node {
                changed.nodes.insert(name)
            } else {
                changed.exports.insert(name)
            }
        }
    }

    /// Takes what a file said before, which ``description`` has already.
    ///
    /// - Returns: Whether it goes with what was read; when not, everything is to be read anew.
    mutating func take(_ fragment: DocumentFragment, of file: String) -> Bool {
        guard fragment.declared.allSatisfy({ !names.isDeclared($0.kind, $0.name) }) else {
            return false
        }
        marks.begin(file: file)
        var record = marks.add(fragment.places)
        for object in fragment.declared {
            names.declare(object.kind, object.name, record)
            record += 1
        }
        declared += fragment.declared
        names.refer(to: fragment.references)
        number(fragment)
        choosing += fragment.choosing
        exports += fragment.exports
        return true
    }

    private mutating func number(_ fragment: DocumentFragment) {
        var number = numbered.add(fragment.nodes)
        for word in fragment.nodeWords {
            setNumber(number, of: word)
            number += 1
        }
        nodeWords += fragment.nodeWords
        childNames += fragment.childNames
    }
}
