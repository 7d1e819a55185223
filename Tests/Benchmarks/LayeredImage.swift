import Glibc

/// The files under a disk, the lowest layer first; all servers serve the same ones.
struct LayeredImage {
    let shape: ImageShape
    let paths: [String]
    private let raw: TestImage?
    private let topBytes: Int
    private let workspace: Workspace

    /// So large that a long measurement seldom meets a cluster twice, and that the mapping tables
    /// of the whole disk just fit the caches, whose default is the same in every server.
    private static let emptyBytes = 256 << 30
    /// What a layer of a chain holds in one piece.
    private static let runBytes = 1 << 20
    /// `SEEK_DATA`, which the C library's module does not show.
    private static let seekData: Int32 = 3

    /// Makes the files.
    init(_ shape: ImageShape, bytes: Int, in workspace: Workspace) throws(BenchmarkError) {
        self.shape = shape
        self.workspace = workspace
        topBytes = shape == .empty ? Self.emptyBytes : bytes
        let layers = shape == .chain || shape == .overlay ? 3 : 1
        let suffix = shape.isQcow2 ? "qcow2" : "raw"
        paths = (0..<layers).map { workspace.path("\(shape)-\($0).\(suffix)") }
        guard shape.isQcow2 else {
            raw = try TestImage(path: paths[0], bytes: bytes)
            return
        }
        raw = nil
        for layer in paths.indices { try make(layer) }
        if shape == .chain || shape == .overlay {
            for layer in 1..<layers { try fillRuns(ofLayer: layer) }
        }
        if shape != .empty { try rewritePages() }
    }

    /// Makes everything as it is to be found by the server that is measured next.
    func prepare(for workload: Workload) throws(BenchmarkError) {
        switch shape {
        case .raw:
            if workload.operation == .write { try raw?.fill() }
        case .allocated:
            if workload.operation == .write { try rewritePages() }
        case .empty, .overlay: try make(paths.count - 1)
        case .chain: break
        }
    }

    /// Waits until nothing is left to be written back.
    func settle() {
        for path in paths {
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            fsync(descriptor)
            close(descriptor)
        }
    }

    private func make(_ layer: Int) throws(BenchmarkError) {
        unlink(paths[layer])
        var arguments = ["create", "-q", "-f", "qcow2"]
        if layer > 0 {
            arguments += ["-b", paths[layer - 1], "-F", "qcow2"]
        } else if shape != .empty {
            arguments += ["-o", "preallocation=metadata"]
        }
        try run("qemu-img", arguments + [paths[layer], "\(topBytes)"])
    }

    private func fillRuns(ofLayer layer: Int) throws(BenchmarkError) {
        if shape == .overlay, layer == paths.count - 1 { return }
        let commands = stride(from: layer, to: topBytes / Self.runBytes, by: paths.count)
            .flatMap { ["-c", "write -q -P \(layer) \($0 * Self.runBytes) \(Self.runBytes)"] }
        try run("qemu-io", ["-f", "qcow2"] + commands + [paths[layer]])
    }

    /// Writes every page of the files as it is, for the sake of small pages in the page cache and
    /// of writes that meet dirty ones, as ``TestImage`` tells.
    private func rewritePages() throws(BenchmarkError) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: Self.runBytes, alignment: 4096)
        defer { bytes.deallocate() }
        for path in paths {
            let descriptor = open(path, O_RDWR | O_CLOEXEC)
            guard descriptor >= 0 else {
                throw BenchmarkError("cannot open \(path): \(ChildProcess.reason())")
            }
            defer { close(descriptor) }
            // Without this qemu-img's writes, or reading ahead, leave large folios behind.
            fsync(descriptor)
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED)
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
            var offset: off_t = 0
            while true {
                let count = pread(descriptor, bytes, Self.runBytes, offset)
                if count == 0 { break }
                guard count > 0 else {
                    throw BenchmarkError("cannot read \(path): \(ChildProcess.reason())")
                }
                for page in stride(from: 0, to: count, by: 4096) {
                    let length = min(4096, count - page)
                    let place = offset + off_t(page)
                    guard pwrite(descriptor, bytes + page, length, place) == length else {
                        throw BenchmarkError("cannot rewrite \(path): \(ChildProcess.reason())")
                    }
                }
                offset += off_t(count)
            }
            fsync(descriptor)
        }
    }

    /// Reads all data of the files once: whoever is measured first after a while would otherwise
    /// pay for pages that have gone meanwhile, from the page cache or to a virtual machine's host.
    func warm() {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: Self.runBytes, alignment: 4096)
        defer { bytes.deallocate() }
        for path in paths {
            let descriptor = open(path, O_RDONLY | O_CLOEXEC)
            guard descriptor >= 0 else { continue }
            defer { close(descriptor) }
            posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM)
            var place = lseek(descriptor, 0, Self.seekData)
            while place >= 0 {
                let count = pread(descriptor, bytes, Self.runBytes, place)
                guard count > 0 else { break }
                place = lseek(descriptor, place + off_t(count), Self.seekData)
            }
        }
    }

    private func run(_ program: String, _ arguments: [String]) throws(BenchmarkError) {
        guard let found = ChildProcess.find(program) else {
            throw BenchmarkError("\(program) is not installed; leave the qcow2 workloads out")
        }
        let log = workspace.path("image.log")
        let process = try workspace.start([found] + arguments, outputPath: log)
        let code = ChildProcess.awaitExit(of: process)
        workspace.forget(process)
        guard code == 0 else {
            throw BenchmarkError("\(program) ended with code \(code) over \(paths[0])")
        }
    }
}
