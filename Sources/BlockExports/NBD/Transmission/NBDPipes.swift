internal import CLinux

/// Pipes that carry the payloads of large requests past our memory; made when first needed.
///
/// Confined to its connection.
struct NBDPipes {
    /// Bytes that a pipe shall hold; the kernel's default limit for everybody.
    static let capacityBytes = 1 << 20
    /// Most pipes of a connection.
    static let countMax = 16
    private static let pageBytes: UInt64 = 4096

    private struct Pipe {
        var readEnd: Int32 = -1
        var writeEnd: Int32 = -1
        var isTaken = false
    }

    private let pipes: UnsafeMutablePointer<Pipe>
    private var isUnavailable = false

    /// No pipe yet; ends with ``deallocate()``.
    init() {
        pipes = .allocate(capacity: Self.countMax)
        pipes.initialize(repeating: Pipe(), count: Self.countMax)
    }

    /// Closes the pipes.
    mutating func deallocate() {
        for index in 0..<Self.countMax { close(index) }
        pipes.deallocate()
    }

    /// Whether a range of a file fits in a pipe, page by page.
    static func holds(offsetBytes: UInt64, lengthBytes: UInt32) -> Bool {
        let lead = offsetBytes & (pageBytes - 1)
        let pages = (lead + UInt64(lengthBytes) + pageBytes - 1) / pageBytes
        return pages <= UInt64(capacityBytes) / pageBytes
    }

    /// Takes an empty pipe.
    ///
    /// - Returns: Its number; nothing when all are taken or the kernel gives none.
    mutating func take() -> Int32? {
        guard !isUnavailable else { return nil }
        for index in 0..<Self.countMax where !pipes[index].isTaken {
            guard pipes[index].readEnd >= 0 || open(index) else { return nil }
            pipes[index].isTaken = true
            return Int32(index)
        }
        return nil
    }

    /// Where a pipe is filled.
    func writeEnd(_ pipe: Int32) -> Int32 { pipes[Int(pipe)].writeEnd }

    /// Where a pipe is emptied.
    func readEnd(_ pipe: Int32) -> Int32 { pipes[Int(pipe)].readEnd }

    /// Gives a pipe back; one that may hold bytes is closed.
    mutating func giveBack(_ pipe: Int32, isEmpty: Bool) {
        let index = Int(pipe)
        pipes[index].isTaken = false
        if !isEmpty { close(index) }
    }

    private mutating func open(_ index: Int) -> Bool {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutableBytes(of: &ends) { bytes -> Int32 in
            guard let place = bytes.assumingMemoryBound(to: Int32.self).baseAddress else {
                return -1
            }
            return clinux_pipe(place)
        }
        guard result >= 0 else {
            isUnavailable = true
            return false
        }
        pipes[index].readEnd = ends.0
        pipes[index].writeEnd = ends.1
        guard ClientDescriptors.may(max(ends.0, ends.1)),
            clinux_pipe_resize(ends.1, Int32(Self.capacityBytes)) >= Self.capacityBytes
        else {
            // Descriptors, or the user's allowance of pipe pages, are used up: memory it is, for
            // this connection.
            close(index)
            isUnavailable = true
            return false
        }
        return true
    }

    private func close(_ index: Int) {
        guard pipes[index].readEnd >= 0 else { return }
        _ = clinux_close(pipes[index].readEnd)
        _ = clinux_close(pipes[index].writeEnd)
        pipes[index] = Pipe()
    }
}
