internal import BlockGraph
internal import RingLoop

/// Writes tables of an image that no request can reach.
struct TableWriter {
    let loader: ImageLoader
    /// What is told of the image when something fails, such as "cannot be made longer".
    let fact: String
    let option: String?

    func write(_ bytes: [UInt8], at offset: UInt64) throws(GraphError) {
        let memory = AlignedMemory(lengthBytes: max(bytes.count, 1))
        memory.bytes.copyBytes(from: bytes)
        try write(UnsafeRawBufferPointer(start: memory.pointer, count: bytes.count), at: offset)
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(GraphError) {
        try check(loader.access.write("file", at: offset, bytes))
    }

    func flush() throws(GraphError) { try check(loader.access.flush("file")) }

    func refusal(_ reason: String, code: GraphError.Code = .openFailed) -> GraphError {
        loader.settings.refusal(
            "the image of \(loader.settings.object) \(fact): \(reason)",
            code: code,
            option: option
        )
    }

    private func check(_ result: Int32) throws(GraphError) {
        guard result != 0 else { return }
        throw refusal(SystemError.words(of: result), code: result == 28 ? .noSpace : .openFailed)
    }
}
