/// A place in a file that is known from elsewhere, small enough to stand beside every value.
package struct SourcePlace: Hashable, Sendable {
    /// Line, from 1.
    package let line: UInt32
    /// Column in Unicode scalars, from 1.
    package let column: UInt32
    /// Length of the token in Unicode scalars.
    package let length: UInt32

    /// Makes a place; what does not fit is cut.
    package init(line: Int, column: Int, length: Int) {
        self.line = UInt32(clamping: line)
        self.column = UInt32(clamping: column)
        self.length = UInt32(clamping: length)
    }

    /// The place with its file.
    package func mark(in file: String) -> SourceMark {
        SourceMark(file: file, line: Int(line), column: Int(column), length: Int(length))
    }
}
