import BlockGraph

// Lies in answers to commands that are no reads.
extension HostileServer {
    static let otherCommands: [Self] =
        ([.write, .writeZeroes, .discard, .flush] as [BlockOperation]).flatMap(anyChange)
        + extentLies

    /// What the answer to a command without data can be.
    private static func anyChange(_ operation: BlockOperation) -> [Self] {
        func lie(
            _ title: String,
            _ outcome: Outcome = .failure,
            _ answer: @escaping @Sendable (UInt64) -> [UInt8]?
        ) -> Self {
            command(operation, title, outcome) { command, _ in answer(command.cookie) }
        }
        return [
            lie("hangs up") { _ in nil },
            lie("another cookie") { Wire.simple($0 &+ 256) },
            lie("a cookie of no place") { Wire.simple($0 | 0xff) },
            lie("a wrong number") { Wire.simple($0, magic: 0x6744_6699) },
            lie("the request sent back") {
                Wire.big(UInt32(0x2560_9513)) + Wire.big($0) + Wire.big($0)
            },
            lie("an error that is none") { Wire.simple($0, error: 4711) },
            lie("is shutting down, always") { Wire.simple($0, error: 108) },
            lie("data") { Wire.chunk(1, $0, Wire.big(UInt64(0)) + [1, 2, 3]) },
            lie("a hole") { Wire.chunk(2, $0, Wire.big(UInt64(0)) + Wire.big(UInt32(512))) },
            lie("extents") { Wire.chunk(5, $0, Wire.big(UInt32(7)) + Wire.big(UInt64(512 << 32))) },
            lie("an error in chunks") { Wire.errorChunk($0, 5, "no") },
            lie("success in chunks", .service) { Wire.chunk(0, $0) },
            lie("success, with data behind", .service) { Wire.simple($0) + [1, 2, 3, 4, 5] },
            lie("an error, then success") {
                Wire.errorChunk($0, 5, isLast: false) + Wire.chunk(0, $0)
            },
        ]
    }

    private static func extents(
        _ title: String,
        _ outcome: Outcome = .failure,
        _ lie: @escaping @Sendable (UInt64) -> [UInt8]?
    ) -> Self {
        command(.extents, title, outcome) { command, _ in lie(command.cookie) }
    }

    private static func list(
        _ cookie: UInt64,
        _ numbers: [UInt32],
        context: UInt32 = 7,
        isLast: Bool = true
    ) -> [UInt8] {
        let payload = Wire.big(context) + numbers.flatMap { Wire.big($0) }
        return Wire.chunk(5, cookie, payload, isLast: isLast)
    }

    private static let extentLies: [Self] = [
        extents("hangs up") { _ in nil },
        extents("a simple reply") { Wire.simple($0) },
        extents("a last chunk, and no extents") { Wire.chunk(0, $0) },
        extents("no extents") { list($0, []) },
        extents("an extent of no byte") { list($0, [0, 0]) },
        extents("an extent of no byte behind another") { list($0, [1024, 0, 0, 0]) },
        extents("half an extent") { list($0, [1024]) },
        extents("one and a half") { list($0, [1024, 0, 1024]) },
        extents("another context") { list($0, [4096, 0], context: 8) },
        extents("two lists") { list($0, [4096, 0], isLast: false) + list($0, [4096, 0]) },
        extents("less than a context") { Wire.chunk(5, $0, [0, 0]) },
        extents("a list of 4 GiB - 4") {
            Wire.chunk(5, $0, Wire.big(UInt32(7)), length: .max - 3)
        },
        extents("a list of 128 MiB") {
            Wire.chunk(5, $0, Wire.big(UInt32(7)), length: 128 << 20 | 4)
        },
        extents("data") { Wire.chunk(1, $0, Wire.big(UInt64(0)) + [1]) },
        extents("a hole") { Wire.chunk(2, $0, Wire.big(UInt64(0)) + Wire.big(UInt32(4096))) },
        extents("an error") { Wire.errorChunk($0, 5) },
        extents("extents, then an error") {
            list($0, [4096, 0], isLast: false) + Wire.errorChunk($0, 5)
        },
        extents("the extent goes far on", .service) { list($0, [.max, 3]) },
        extents("extents that overflow together", .service) {
            list($0, (0..<64).flatMap { [.max, UInt32($0 % 2)] })
        },
        extents("100,000 extents of a byte", .service) {
            list($0, (0..<100_000).flatMap { [1, UInt32($0 % 2)] })
        },
        extents("flags that nobody knows", .service) { list($0, [4096, .max]) },
        extents("less than was asked", .service) { list($0, [1, 0]) },
        extents("the list twice", .service) { list($0, [4096, 0]) + list($0, [4096, 0]) },
    ]
}
