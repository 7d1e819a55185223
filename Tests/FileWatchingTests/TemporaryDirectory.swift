import Glibc

/// A directory that goes away with the test that made it.
final class TemporaryDirectory {
    let path: String

    init() throws {
        var template = Array("/tmp/sluice-watching-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw TemporaryDirectoryError(number: errno) }
        path = String(cString: made)
    }

    deinit { remove(path) }

    func write(_ name: String, _ text: String) {
        guard let file = fopen(path + "/" + name, "w") else { return }
        fputs(text, file)
        fclose(file)
    }

    func makeDirectory(_ name: String) { mkdir(path + "/" + name, 0o755) }

    func link(_ name: String, to target: String) { symlink(target, path + "/" + name) }

    func move(_ name: String, to new: String) { rename(path + "/" + name, path + "/" + new) }

    func remove(name: String) { remove(path + "/" + name) }

    private func remove(_ path: String) {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        guard status.st_mode & S_IFMT == S_IFDIR, let directory = opendir(path) else {
            unlink(path)
            return
        }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { remove(path + "/" + name) }
        }
        closedir(directory)
        rmdir(path)
    }
}

struct TemporaryDirectoryError: Error { let number: Int32 }
