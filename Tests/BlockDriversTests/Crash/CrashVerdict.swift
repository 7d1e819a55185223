import Glibc

/// Judges one state of the disks after a crash.
struct CrashVerdict {
    private let recording: CrashRecording
    private let layers: [CrashRecording.Layer]
    private let disks: [CrashWalk.Disk]
    private var judges: [ImageJudge] = []
    private(set) var leaks = 0
    private(set) var isDirty = false

    init(_ walk: CrashWalk) {
        recording = walk.recording
        layers = Array(walk.recording.layers.prefix(walk.layerCount))
        disks = walk.state
    }

    /// What is wrong, or nothing.
    mutating func fault(_ content: PossibleContent) -> String? {
        guard !recording.image.isRaw else { return faultOfContent(content) }
        for layer in layers {
            guard let judge = ImageJudge(disks[layer.file].bytes) else { return "no header" }
            isDirty = isDirty || judge.isDirty
            switch judge.check() {
            case .clean: break
            case .leaks(let count): leaks += count
            case .corrupt(let reason): return "layer \(judges.count): " + reason
            }
            judges.append(judge)
        }
        return faultOfContent(content)
    }

    private func faultOfContent(_ content: PossibleContent) -> String? {
        let unpacked = UnsafeMutableRawPointer.allocate(byteCount: 1 << 16, alignment: 4096)
        let edge = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 512)
        defer {
            unpacked.deallocate()
            edge.deallocate()
        }
        var unpackedFrom: (layer: Int, entry: UInt64)?
        return recording.contents.withUnsafeBytes { contents -> String? in
            guard let start = contents.baseAddress else { return nil }
            for sector in 0..<(recording.latest.count / 512) {
                var found: UnsafeRawPointer?
                switch place(sector) {
                case .zeroes, .below: found = nil
                case .bytes(let disk, let offset):
                    found = Self.sector(disks[disk], offset, edge)
                case .packed(let layer, let entry):
                    let isThere = unpackedFrom.map { $0 == (layer, entry) } ?? false
                    guard isThere || judges[layer].unpack(entry, into: unpacked) else {
                        return "sector \(sector) cannot be unpacked"
                    }
                    unpackedFrom = (layer, entry)
                    let mask = 1 << judges[layer].clusterBits - 1
                    found = UnsafeRawPointer(unpacked + sector * 512 & mask)
                }
                if !content.allows(sector, found, in: start) {
                    return "sector \(sector) reads otherwise than requests "
                        + "\(content.candidates(sector)) allow"
                }
            }
            return nil
        }
    }

    private enum Place {
        case zeroes, below, bytes(disk: Int, offset: Int), packed(layer: Int, word: UInt64)
    }

    private func place(_ sector: Int) -> Place {
        guard !recording.image.isRaw else { return .bytes(disk: 0, offset: sector * 512) }
        for layer in layers.indices.reversed() {
            switch judges[layer].content(sector) {
            case .zeroes: return .zeroes
            case .below: continue
            case .packed(let word): return .packed(layer: layer, word: word)
            case .at(let offset):
                return .bytes(disk: layers[layer].data ?? layers[layer].file, offset: offset)
            }
        }
        return .below
    }

    /// A sector of a disk; what is behind the end is zero.
    private static func sector(
        _ disk: CrashWalk.Disk,
        _ offset: Int,
        _ edge: UnsafeMutableRawPointer
    ) -> UnsafeRawPointer? {
        guard offset + 512 > disk.length else { return UnsafeRawPointer(disk.memory + offset) }
        guard offset < disk.length else { return nil }
        memset(edge, 0, 512)
        memcpy(edge, disk.memory + offset, disk.length - offset)
        return UnsafeRawPointer(edge)
    }
}
