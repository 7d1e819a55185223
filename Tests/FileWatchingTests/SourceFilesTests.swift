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

    @Test("W29: what has a source's name and no contents is told, and the others are the whole")
    func odd() throws {
        let directory = try TemporaryDirectory()
        directory.write("good.yaml", "sluice: 1\n")
        try #require(mkfifo(directory.path + "/pipe.yaml", 0o600) == 0)
        try #require(mkdir(directory.path + "/folder.yml", 0o700) == 0)
        var read = SourceFiles.read(directory.path)
        #expect(read.files.map(\.path) == [directory.path + "/good.yaml"])
        #expect(
            read.oddities.map(\.path)
                == ["folder.yml", "pipe.yaml"].map { directory.path + "/" + $0 }
        )
        #expect(read.faults.isEmpty && !read.isLost)
        read = SourceFiles.read(directory.path + "/pipe.yaml")
        #expect(read.faults.count == 1 && read.oddities.isEmpty, "whoever names it wishes it")
        try #require(symlink("/nowhere/at/all", directory.path + "/link.yaml") == 0)
        #expect(SourceFiles.read(directory.path).faults.count == 1, "unreadable, and not gone")
    }
}
