import Glibc

/// A sound image, and what can be done to it.
struct BrokenImages {
    let sound: [UInt8]

    /// Makes a sound image of about 256 KiB, with data, zeroes, holes and compressed clusters.
    init(in directory: TemporaryDirectory) {
        let raw = directory.path + "/plain"
        let image = directory.path + "/sound"
        let made = TemporaryDirectory.shell(
            """
            qemu-img create -q -f raw \(raw) 512K &&
            qemu-io -f raw -c 'write -P 17 0 64K' -c 'write -P 34 128K 64K' \(raw) &&
            qemu-img convert -c -f raw -O qcow2 -o cluster_size=4K,refcount_bits=16 \(raw) \(image) &&
            qemu-io -f qcow2 -c 'write -P 51 32K 64K' -c 'write -z 200K 16K' \(image)
            """
        )
        precondition(made.status == 0, made.output)
        sound = Self.contents(of: image)
    }

    /// A file's bytes.
    static func contents(of path: String) -> [UInt8] {
        guard let file = fopen(path, "r") else { return [] }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4 << 20)
        bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
        return bytes
    }

    /// Writes an image to a file.
    static func write(_ bytes: [UInt8], to path: String) {
        guard let file = fopen(path, "w") else { return }
        fwrite(bytes, 1, bytes.count, file)
        fclose(file)
    }

    /// A big-endian number of 8 bytes.
    func number(_ offset: Int) -> UInt64 {
        sound[offset..<(offset + 8)].reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func changed(_ offset: Int, to value: UInt64) -> [UInt8] {
        var bytes = sound
        guard offset + 8 <= bytes.count else { return bytes }
        for place in 0..<8 {
            bytes[offset + place] = UInt8(truncatingIfNeeded: value >> UInt64(56 - place * 8))
        }
        return bytes
    }

    /// Every byte of the header, with values that have broken others.
    var headers: [(name: String, bytes: [UInt8])] {
        (0..<112).flatMap { offset in
            let old = sound[offset]
            return [0, 0xff, 0x7f, 0x80, old &+ 1, old &- 1].map { value in
                var bytes = sound
                bytes[offset] = value
                return ("byte \(offset) is \(value)", bytes)
            }
        }
    }

    /// Entries of every table that lead to places where they must not.
    var pointers: [(name: String, bytes: [UInt8])] {
        let mapping = Int(number(40))
        let refcounts = Int(number(48))
        let table = Int(number(mapping) & 0x00ff_ffff_ffff_fe00)
        let block = Int(number(refcounts))
        var places = [mapping, refcounts, refcounts + 8, block, block + 8]
        places += (0..<52).map { table + $0 * 8 }
        let targets = [
            0, UInt64(mapping), UInt64(refcounts), UInt64(table), UInt64(block), 0x1234_5600, 513,
            1 << 40, 0x00ff_ffff_ffff_f000, .max, 0x4fff_ffff_ffff_ffff, 1 << 62,
        ]
        return places.flatMap { place in
            targets.flatMap { target in
                [target, target | 1 << 63].map { value in
                    ("entry at \(place) is \(value)", changed(place, to: value))
                }
            }
        }
    }

    /// Files that end too early, at every sector.
    var truncations: [(name: String, bytes: [UInt8])] {
        stride(from: 0, to: sound.count, by: 512).map {
            ("cut off at \($0)", Array(sound[0..<$0]))
        }
    }

    /// Whole numbers of the header that claim the impossible.
    var claims: [(name: String, bytes: [UInt8])] {
        let offsets = [8, 16, 20, 24, 32, 36, 40, 48, 56, 60, 64, 72, 80, 88, 96, 100]
        return offsets.flatMap { offset in
            [1, 1 << 31, 1 << 32, 1 << 55, 1 << 62, 1 << 63, .max, 0xffff_ffff].map { value in
                ("number at \(offset) is \(value)", changed(offset, to: value))
            }
        }
    }

    /// Random bytes in tables.
    func random(count: Int) -> [(name: String, bytes: [UInt8])] { (0..<count).map { random($0) } }

    /// Random bytes in tables, others for each number.
    func random(_ number: Int) -> (name: String, bytes: [UInt8]) {
        var generator = SeededGenerator(seed: UInt64(5 + number))
        var bytes = sound
        for _ in 0..<Int.random(in: 1...40, using: &generator) {
            let offset = Int.random(in: 0..<min(bytes.count, 40960), using: &generator)
            bytes[offset] = UInt8.random(in: 0...255, using: &generator)
        }
        return ("random \(number)", bytes)
    }
}
