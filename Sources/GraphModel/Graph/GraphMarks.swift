/// Where a configuration says what: places of objects and of their options, by object.
///
/// Objects are named as in JSON: `node/NAME`, `export/NAME`, `listener/NAME`,
/// `throttle-group/NAME`, `iothread/NAME`.
package struct GraphMarks: Sendable {
    /// Place of an object's key.
    package var objects: [String: SourceMark] = [:]
    /// Place of a value, by object and then by the option's path (`writable`, `cache.direct`, `file`).
    package var values: [String: [String: SourceMark]] = [:]

    /// No places.
    package init() {}

    /// Place of an option's value, or else of its object.
    package func mark(_ object: String, _ path: String) -> SourceMark? {
        values[object]?[path] ?? objects[object]
    }
}
