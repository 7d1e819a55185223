import Glibc
import Testing

@testable import FileWatching

@Suite("Source files")
struct SourceFilesTests {
    @Test("L8: of a file that is too large one byte more than the limit is read, however large")
    func huge() throws {
        let directory = try TemporaryDirectory()
        directory.write("sparse.yaml", "sluice: 1\n")
        let path = directory.path + "/sparse.yaml"
        try #require(truncate(path, 1 << 40) == 0)
        let read = SourceFiles.read(directory.path)
        #expect(read.faults.isEmpty)
        #expect(read.files.map(\.bytes.count) == [(1 << 20) + 1])
        #expect(SourceFiles.read(path, fileBytesMax: 100).files.map(\.bytes.count) == [101])
    }
}
