import Glibc

@testable import BlockDrivers
@testable import BlockGraph

/// Opens what a crash left with the driver itself, which mends it, and works with it.
struct CrashReopening {
    private let walk: CrashWalk
    private let layers: [CrashRecording.Layer]
    private let image: CrashCase

    init(_ walk: CrashWalk) {
        self.walk = walk
        image = walk.recording.image
        layers = Array(walk.recording.layers.prefix(walk.layerCount))
    }

    /// What is wrong with what the driver makes of it, or nothing.
    func fault() -> String? {
        do {
            let stand = try SyncStand()
            defer { stand.clear() }
            return try fault(stand)
        } catch {
            return "\(error)"
        }
    }

    private func disk(_ number: Int) -> ProbeDisk {
        let disk = ProbeDisk(capacity: image.capacity, alignment: image.alignment)
        disk.replace(walk.state[number].bytes)
        return disk
    }

    private func fault(_ stand: SyncStand) throws -> String? {
        var top: SyncStand.Image?
        var files: [ProbeDisk] = []
        for layer in layers {
            let file = disk(layer.file)
            top = try stand.open(
                file,
                data: layer.data.map(disk),
                over: top,
                options: image.options
            )
            files.append(file)
        }
        guard let top else { return nil }
        let size = walk.recording.latest.count
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        defer { buffer.deallocate() }
        let status = stand.ask(top, .read, 0, size, buffer)
        guard status == .done else { return "cannot be read: \(status)" }
        let isLegal = walk.recording.contents.withUnsafeBytes { contents in
            (0..<(size / 512)).allSatisfy { sector in
                guard let start = contents.baseAddress else { return false }
                return walk.content.allows(sector, buffer + sector * 512, in: start)
            }
        }
        guard isLegal else { return "reads otherwise" }
        // It has to go on as a sound image does.
        for offset in stride(from: 0, to: size - 8192, by: size / 7 / 4096 * 4096 + 4096) {
            let status = stand.ask(top, .write, offset, 4096, buffer)
            guard status == .done else { return "cannot be written: \(status)" }
        }
        guard stand.settle(top) == .done else { return "cannot be settled" }
        for (number, file) in files.enumerated() {
            guard let judge = ImageJudge(file.content) else { return "has lost its header" }
            if case .corrupt(let reason) = judge.check() { return "layer \(number): " + reason }
            guard number == files.count - 1 else { continue }
            if judge.isDirty { return "is dirty after all" }
        }
        return nil
    }

    /// What `qemu-img check` says against it, or nothing.
    func faultByQemu() -> String? {
        guard let layer = layers.first,
            let directory = try? TemporaryDirectory(under: "/dev/shm")
        else { return nil }
        let path = directory.path + "/image"
        BrokenImages.write(Array(walk.state[layer.file].bytes), to: path)
        let checked = TemporaryDirectory.shell("qemu-img check -f qcow2 \(path)")
        // 3: leaks only. Errors that QEMU itself would mend on opening have the dirty mark.
        let code = checked.status >> 8
        let isDirty = ImageJudge(walk.state[layer.file].bytes)?.isDirty ?? false
        return code == 0 || code == 3 || isDirty ? nil : "qemu-img: \(code) " + checked.output
    }
}
