import Glibc

/// The long form of suite J: images with wrong bytes in headers and tables, each opened, read and
/// changed; says how long the slowest took and how much memory the greediest.
///
/// A busy machine may stop this process for seconds: an image that took too long is served again, and
/// what counts is its shortest time.
@main
struct Malformed {
    private static let secondsMax = 1.0
    private static let attempts = 5

    static func main() throws {
        let wanted = CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 50_000
        guard let stand = FuzzStand.shared else { fatalError("no loop") }
        let sound = BrokenImages(in: try TemporaryDirectory(under: "/dev/shm"))
        let tables = sound.headers + sound.claims + sound.pointers + sound.truncations
        var (slowest, greediest) = ((0.0, ""), (0, ""))
        var repeated: [String] = []
        for number in 0..<wanted {
            let isRandom = number >= tables.count
            let image = isRandom ? sound.random(number - tables.count) : tables[number]
            let before = peak(resets: true)
            var time = Double.infinity
            for attempt in 0..<attempts where time > secondsMax {
                if attempt == 1 { repeated.append("\(image.name): \(time) s") }
                let begin = seconds()
                image.bytes.withUnsafeBytes { stand.serve($0, how: UInt8(number % 4)) }
                time = min(time, seconds() - begin)
            }
            let memory = peak(resets: false) - before
            if time > slowest.0 { slowest = (time, image.name) }
            if memory > greediest.0 { greediest = (memory, image.name) }
        }
        print("\(wanted) images, served again: \(repeated)")
        print("slowest: \(slowest.0) s (\(slowest.1))")
        print("most memory: \(greediest.0) KiB (\(greediest.1))")
        exit(slowest.0 <= secondsMax && greediest.0 <= 64 << 10 ? 0 : 1)
    }

    private static func seconds() -> Double {
        var now = timespec()
        clock_gettime(CLOCK_MONOTONIC, &now)
        return Double(now.tv_sec) + Double(now.tv_nsec) * 1e-9
    }

    /// Most memory that was resident since the last reset, in KiB.
    private static func peak(resets: Bool) -> Int {
        if resets, let file = fopen("/proc/self/clear_refs", "w") {
            fputs("5", file)
            fclose(file)
        }
        guard let file = fopen("/proc/self/status", "r") else { return 0 }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            var value = 0
            let text = line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            let words = String(decoding: text, as: UTF8.self)
            guard words.hasPrefix("VmHWM:") else { continue }
            for digit in words.utf8 where digit >= 48 && digit < 58 {
                value = value * 10 + Int(digit - 48)
            }
            return value
        }
        return 0
    }
}
