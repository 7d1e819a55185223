/// Where a configuration says what: places of objects and of their options.
///
/// Objects are named as in JSON: `node/NAME`, `export/NAME`, `listener/NAME`,
/// `throttle-group/NAME`, `iothread/NAME`. Places stand in arrays and paths are numbers, so that a
/// node needs about a hundred bytes.
package struct GraphMarks: Sendable {
    /// Number of a path in ``path(_:)``.
    package typealias Path = Int32
    /// Number of an object.
    package typealias Record = Int32

    private struct Object {
        let file: Int32
        let key: SourcePlace
        /// Where its values begin; they end where those of the next object begin.
        let start: Int32
    }

    fileprivate struct Value {
        let path: Path
        let place: SourcePlace
    }

    /// Objects of one kind, by name.
    private struct Directory {
        var names: [String] = []
        var records: [Record] = []
        var order = NameOrder([])

        func record(of name: String) -> Record? {
            order.number(of: name).map { records[Int(order.places[$0])] }
        }
    }

    private var files: [String] = []
    /// Paths by number.
    package private(set) var paths: [String]
    private var pathNumbers: [String: Path] = [:]
    private var objectList: [Object] = []
    private var values: [Value] = []
    private var directories = [Directory](
        repeating: Directory(),
        count: ObjectKind.allCases.count
    )

    /// No places.
    ///
    /// - Parameter paths: Paths whose numbers are their places in this list.
    package init(paths: [String] = []) { self.paths = paths }

    /// Makes room for objects, and for values of them all.
    package mutating func reserve(objects: Int, values: Int) {
        objectList.reserveCapacity(objects)
        self.values.reserveCapacity(values)
    }

    /// Begins a file: the objects that follow stand in it.
    package mutating func begin(file: String) { files.append(file) }

    /// Notes an object of the current file; the values that follow are its own.
    ///
    /// - Returns: Its number.
    package mutating func add(
        _ kind: ObjectKind,
        _ name: String,
        at key: SourcePlace
    ) -> Record {
        let record = Record(objectList.count)
        directories[kind.number].names.append(name)
        directories[kind.number].records.append(record)
        objectList.append(
            Object(file: Int32(files.count - 1), key: key, start: Int32(values.count))
        )
        return record
    }

    /// Notes a value of the object that was added last.
    package mutating func add(_ path: Path, at place: SourcePlace) {
        values.append(Value(path: path, place: place))
    }

    /// Some objects with the places of their values, as they were added one after the other.
    package struct Part: Sendable {
        fileprivate let kinds: [ObjectKind]
        fileprivate let names: [String]
        fileprivate let keys: [SourcePlace]
        /// Where the values of each object begin.
        fileprivate let starts: [Int32]
        fileprivate let values: [Value]
    }

    /// How many objects were added.
    package var objectCount: Int { objectList.count }

    /// The objects that were added since there were so many.
    ///
    /// - Parameters:
    ///   - count: How many there were.
    ///   - kinds: Kinds of those that were added.
    ///   - names: Their names.
    /// - Returns: The objects with all their values.
    package func part(since count: Int, kinds: [ObjectKind], names: [String]) -> Part {
        let objects = objectList[count...]
        let first = objects.first?.start ?? Int32(values.count)
        return Part(
            kinds: kinds,
            names: names,
            keys: objects.map(\.key),
            starts: objects.map { $0.start - first },
            values: Array(values[Int(first)...])
        )
    }

    /// Adds objects of the current file with all their values.
    ///
    /// - Parameter part: The objects, with paths of the same numbers as here.
    /// - Returns: The number of the first; the others follow.
    package mutating func add(_ part: Part) -> Record {
        let (first, file) = (Record(objectList.count), Int32(files.count - 1))
        let start = Int32(values.count)
        for (key, own) in zip(part.keys, part.starts) {
            objectList.append(Object(file: file, key: key, start: start + own))
        }
        values += part.values
        for place in part.kinds.indices {
            let kind = part.kinds[place].number
            directories[kind].names.append(part.names[place])
            directories[kind].records.append(first + Record(place))
        }
        return first
    }

    /// Makes objects known by name, once all are added.
    package mutating func seal() {
        for kind in directories.indices {
            directories[kind].order = NameOrder(directories[kind].names)
            directories[kind].names = []
        }
    }

    /// The number of a path.
    package mutating func path(_ text: String) -> Path {
        if pathNumbers.isEmpty {
            for (number, text) in paths.enumerated() { pathNumbers[text] = Path(number) }
        }
        if let known = pathNumbers[text] { return known }
        let number = Path(paths.count)
        paths.append(text)
        pathNumbers[text] = number
        return number
    }

    /// The text of a path's number.
    package func text(of path: Path) -> String { paths[Int(path)] }

    /// Place of an option's value, or else of its object.
    package func mark(_ object: String, _ path: String) -> SourceMark? {
        guard let (kind, name) = ObjectKind.split(object),
            let record = directories[kind.number].record(of: name)
        else { return nil }
        return mark(record, path)
    }

    /// Place of an option's value, or else of its object, by the object's number.
    package func mark(_ record: Record, _ path: String) -> SourceMark {
        let object = objectList[Int(record)]
        let next = Int(record) + 1
        let end = next < objectList.count ? Int(objectList[next].start) : values.count
        // A later value replaces an earlier one of the same path.
        let value = values[Int(object.start)..<end].last { paths[Int($0.path)] == path }
        return (value?.place ?? object.key).mark(in: files[Int(object.file)])
    }

    /// Place of an object's key.
    package func mark(_ kind: ObjectKind, _ name: String) -> SourceMark? {
        directories[kind.number].record(of: name).map(mark)
    }

    /// Place of an object's key, by its number.
    package func mark(_ record: Record) -> SourceMark {
        let object = objectList[Int(record)]
        return object.key.mark(in: files[Int(object.file)])
    }

    /// Places of objects' keys, by object.
    package var objects: Objects { Objects(marks: self) }

    /// Places of objects' keys, by object.
    package struct Objects: Sendable {
        fileprivate let marks: GraphMarks

        /// Place of an object's key.
        package subscript(object: String) -> SourceMark? {
            ObjectKind.split(object).flatMap { marks.mark($0.kind, $0.name) }
        }
    }
}
