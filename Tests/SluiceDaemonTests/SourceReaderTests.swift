import FileWatching
import Glibc
import Testing

@testable import SluiceDaemon

@Suite("Source reader")
struct SourceReaderTests {
    private let directory: String
    private let reader: SourceReader

    init() throws {
        var template = Array("/tmp/sluice-reader-XXXXXX".utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
        reader = SourceReader(paths: [directory + "/graph.d"])
        for release in ["a", "b"] {
            mkdir("\(directory)/\(release)", 0o755)
            for name in ["one", "two", "three"] {
                replaceFile("\(directory)/\(release)/\(name).yaml", with: "# \(release)\n")
            }
        }
        symlink("a", directory + "/graph.d")
    }

    @Test("whatever the moment of a swap of the link, a scan is of one release")
    func swap() throws {
        let a = try digest()
        var digests: Set<String> = [a]
        for turn in 0..<200 {
            let target = turn.isMultiple(of: 2) ? "b" : "a"
            symlink(target, directory + "/new")
            rename(directory + "/new", directory + "/graph.d")
            guard case .files(let found) = reader.scan() else { continue }
            #expect(Set(found.files.map { $0.bytes }).count == 1)
            digests.insert(found.digest)
        }
        #expect(digests.count == 2)
    }

    @Test("of a thousand files the one that changes is read again, and no other")
    func oneOfMany() throws {
        for number in 0..<997 {
            replaceFile("\(directory)/a/f\(number).yaml", with: "# file \(number)\n")
        }
        // Files that were written just now are read again until their times tell them apart.
        var found = try files { $0.allSatisfy(\.isSettled) }
        #expect(found.count == 1_000)
        let before = places(of: found)
        found = try files { _ in true }
        #expect(places(of: found) == before)
        replaceFile("\(directory)/a/f500.yaml", with: "# other text\n")
        found = try files { $0.contains { $0.bytes == Array("# other text\n".utf8) } }
        let after = places(of: found)
        #expect(after.filter { before[$0.key] != $0.value }.map(\.key).count == 1)
    }

    /// The files of a scan, once they are as wanted.
    private func files(_ isWanted: ([SourceFile]) -> Bool) throws -> [SourceFile] {
        let end = time(nil) + 30
        while time(nil) < end {
            if case .files(let found) = reader.scan(), isWanted(found.files) { return found.files }
        }
        struct NotAsWanted: Error {}
        throw NotAsWanted()
    }

    /// Where the bytes of each file lie in memory: those of a file that is not read again stay.
    private func places(of files: [SourceFile]) -> [String: Int] {
        Dictionary(
            uniqueKeysWithValues: files.map { file in
                (file.path, file.bytes.withUnsafeBytes { Int(bitPattern: $0.baseAddress) })
            }
        )
    }

    @Test("a directory that is gone, or without a file of ours, is lost and not empty")
    func lost() throws {
        unlink(directory + "/graph.d")
        guard case .lost(let reason, _) = reader.scan() else {
            Issue.record("a missing source was read")
            return
        }
        #expect(reason == "SourceMissing")
        mkdir(directory + "/graph.d", 0o755)
        replaceFile(directory + "/graph.d/README", with: "no document")
        guard case .lost(let other, _) = reader.scan() else {
            Issue.record("an empty source was read")
            return
        }
        #expect(other == "NoMatchingFile")
    }

    @Test("W29: a link that leads nowhere loses the whole, a pipe is passed over")
    func unreadable() throws {
        symlink("nowhere", directory + "/a/link.yaml")
        guard case .lost(let reason, let message) = reader.scan() else {
            Issue.record("a dangling link was passed over")
            return
        }
        #expect(reason == "SourceUnreadable")
        #expect(message.contains("link.yaml"))
        unlink(directory + "/a/link.yaml")
        mkfifo(directory + "/a/pipe.yaml", 0o644)
        guard case .files(let found) = reader.scan() else {
            Issue.record("a pipe has the whole count as lost")
            return
        }
        #expect(!found.files.isEmpty)
        #expect(found.oddities.map(\.path) == [directory + "/graph.d/pipe.yaml"])
    }

    @Test("while git works in the tree around the files they are left alone, but not for ever")
    func gitLock() throws {
        let lock = directory + "/a/.git/index.lock"
        mkdir(directory + "/a/.git", 0o755)
        replaceFile(lock, with: "")
        let tree = SourceReader(paths: [directory + "/a"])
        guard case .moving(let reason, _) = tree.scan() else {
            Issue.record("files were read while git was at work")
            return
        }
        #expect(reason == "GitLock")
        guard case .files = tree.scan(ignoresLock: true) else {
            Issue.record("git was waited for without an end")
            return
        }
        var times = [timespec(), timespec()]
        for place in times.indices { times[place].tv_sec = time(nil) - 601 }
        utimensat(AT_FDCWD, lock, times, 0)
        guard case .files = tree.scan() else {
            Issue.record("a lock that nobody holds any more kept files from being read")
            return
        }
    }

    @Test("the commit that is checked out is told")
    func commit() {
        mkdir(directory + "/a/.git", 0o755)
        system("mkdir -p '\(directory)/a/.git/refs/heads'")
        replaceFile(directory + "/a/.git/HEAD", with: "ref: refs/heads/main\n")
        replaceFile(directory + "/a/.git/refs/heads/main", with: "3f2a91c\n")
        #expect(SourceReader(paths: [directory + "/a"]).gitCommit() == "3f2a91c")
    }

    @Test("a work tree whose .git is a file, and branches that git has packed, are understood")
    func worktree() {
        let main = directory + "/main/.git"
        system("mkdir -p '\(main)/worktrees/w/logs' '\(directory)/w/graph.d'")
        replaceFile(directory + "/w/.git", with: "gitdir: ../main/.git/worktrees/w\n")
        replaceFile(main + "/worktrees/w/commondir", with: "../..\n")
        replaceFile(main + "/worktrees/w/HEAD", with: "ref: refs/heads/side\n")
        replaceFile(main + "/packed-refs", with: "# pack-refs\n77aa3d0266 refs/heads/side\n")
        let log =
            "0000000000 3f2a91c000 a <a@b> 1 +0000\tclone\n"
            + "3f2a91c000 77aa3d0266 a <a@b> 2 +0000\tcommit\n"
        replaceFile(main + "/worktrees/w/logs/HEAD", with: log)
        replaceFile(directory + "/w/graph.d/a.yaml", with: "sluice: 1\n")
        let tree = SourceReader(paths: [directory + "/w/graph.d"])
        #expect(tree.gitCommit() == "77aa3d0266")
        #expect(tree.hasLeft(commit: "3f2a91c"))
        #expect(!tree.hasLeft(commit: "1234567"))
        replaceFile(main + "/worktrees/w/index.lock", with: "")
        guard case .moving = tree.scan() else {
            Issue.record("files were read while git was at work")
            return
        }
    }

    @Test("W27: an edit that keeps size and modification time is seen")
    func sameSizeAndTime() throws {
        let path = directory + "/a/one.yaml"
        let before = try digest()
        var facts = stat()
        stat(path, &facts)
        // In place: the file's number stays, too.
        let file = open(path, O_WRONLY)
        _ = write(file, "# A\n", 4)
        close(file)
        var times = [facts.st_atim, facts.st_mtim]
        utimensat(AT_FDCWD, path, &times, 0)
        #expect(try digest() != before)
    }

    private func digest() throws -> String {
        guard case .files(let found) = reader.scan() else { return "" }
        return found.digest
    }
}
