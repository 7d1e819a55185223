/// A place in a document: file, line and column of a value.
///
/// Line and column count from 1; a column counts Unicode scalars.
package struct SourceMark: Hashable, Sendable, Comparable {
    /// Path of the file as the user named it.
    package let file: String
    /// Line, from 1.
    package let line: Int
    /// Column in Unicode scalars, from 1.
    package let column: Int
    /// Length of the token in Unicode scalars; 0 when it is not known.
    package let length: Int

    /// Makes a place.
    package init(file: String, line: Int, column: Int, length: Int = 0) {
        self.file = file
        self.line = line
        self.column = column
        self.length = length
    }

    /// Orders places by file, then line, then column.
    package static func < (left: SourceMark, right: SourceMark) -> Bool {
        (left.file, left.line, left.column) < (right.file, right.line, right.column)
    }
}
