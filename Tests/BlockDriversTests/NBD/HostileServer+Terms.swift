// Lies about the export.
extension HostileServer {
    static let terms: [Self] = refusals + sizes + blockSizes + strangeInformation

    private static func refused(
        _ number: UInt32,
        _ title: String,
        _ words: String,
        data: [UInt8] = []
    ) -> Self {
        option(7, title, .refusal(words)) { _ in Wire.reply(7, 1 << 31 | number, data) }
    }

    private static let refusals: [Self] = [
        refused(2, "is forbidden", "does not allow"),
        refused(3, "is not valid", "error 3"),
        refused(4, "not on this platform", "error 4"),
        refused(5, "wants TLS", "wants TLS"),
        refused(6, "no such export", "no such export"),
        refused(7, "is shutting down", "shutting down"),
        refused(8, "wants block sizes", "error 8"),
        refused(9, "is too big", "error 9"),
        refused(0x7fff_ffff, "an error that is none", "error 2147483647"),
        refused(6, "an error with words", "no such disk", data: Array("no such disk".utf8)),
        refused(
            6,
            "an error with control characters",
            "(\"[2Jx\")",
            data: Array("\u{1b}[2Jx\n\r\0".utf8)
        ),
        refused(
            6,
            "an error with 64 KiB of words",
            "no such export",
            data: [UInt8](repeating: 0x78, count: 65536)
        ),
        refused(6, "an error in no alphabet", "no such export", data: [0xff, 0xfe, 0x80, 0xc3]),
        // The last resort of a server that does not know GO.
        option(7, "is not known", .service) { _ in Wire.reply(7, Wire.unsupported) },
        opening("neither GO nor EXPORT_NAME", .refusal("hung up")) {
            $0.answer = { option, honest in
                option == 7 ? Wire.reply(7, Wire.unsupported) : option == 1 ? nil : honest
            }
        },
        opening("EXPORT_NAME with 2^63 bytes", .refusal("more than 2^63")) {
            $0.sizeBytes = 1 << 63
            $0.answer = { $0 == 7 ? Wire.reply(7, Wire.unsupported) : $1 }
        },
        opening("EXPORT_NAME, half an answer", .refusal("does not answer"), patience: 200) {
            $0.answer = { option, honest in
                option == 7
                    ? Wire.reply(7, Wire.unsupported)
                    : option == 1 ? Array(honest.prefix(5)) : honest
            }
        },
        opening("EXPORT_NAME with 124 zeroes", .service) {
            $0.greeting = Array("NBDMAGICIHAVEOPT".utf8) + [0, 1]
            $0.answer = { $0 == 7 ? Wire.reply(7, Wire.unsupported) : $1 }
        },
    ]

    private static let sizes: [Self] = [
        opening("2^63 bytes", .refusal("more than 2^63")) { $0.sizeBytes = 1 << 63 },
        opening("2^64 - 1 bytes", .refusal("more than 2^63")) { $0.sizeBytes = .max },
        opening("2^63 - 1 bytes", .service) { $0.sizeBytes = (1 << 63) - 1 },
        opening("an odd size", .service) { $0.sizeBytes = 1_048_577 },
        opening("an odd size of large blocks", .refusal("no multiple")) {
            $0.sizeBytes = 1_048_577
            $0.blocks = [512, 4096, 65536]
        },
        opening("no flags", .refusal("no transmission flags")) { $0.flags = 0 },
        opening("flags without the first", .refusal("no transmission flags")) {
            $0.flags = 0xfffe
        },
        opening("all flags but read-only", .service) { $0.flags = 0xfffd },
    ]

    private static func blocks(
        _ title: String,
        _ outcome: Outcome,
        _ numbers: UInt32...
    ) -> Self {
        opening("block sizes: \(title)", outcome) { $0.blocks = numbers }
    }

    private static let blockSizes: [Self] = [
        blocks("a least of 0", .refusal("smallest block"), 0, 4096, 65536),
        blocks("a least of 3", .refusal("smallest block"), 3, 4096, 65536),
        blocks("a least of 128 KiB", .refusal("smallest block"), 131_072, 131_072, 1 << 20),
        blocks("a least of 4 GiB - 1", .refusal("smallest block"), .max, .max, .max),
        blocks("a preferred of 0", .refusal("preferred block"), 1, 0, 65536),
        blocks("preferred below least", .refusal("preferred block"), 4096, 512, 65536),
        blocks("a preferred of 3000", .refusal("preferred block"), 1, 3000, 65536),
        blocks("a preferred of 2 GiB", .service, 1, 1 << 31, 1 << 31),
        blocks("largest below least", .refusal("largest block"), 4096, 4096, 512),
        blocks("a largest of 0", .service, 1, 4096, 0),
        blocks("a largest of 4 GiB - 1", .service, 1, 4096, .max),
        blocks("a largest of 5000", .service, 512, 4096, 5000),
        blocks("two numbers", .refusal("not 14"), 1, 4096),
        blocks("four numbers", .refusal("not 14"), 1, 4096, 65536, 1),
    ]

    private static func information(
        _ title: String,
        _ outcome: Outcome,
        _ data: [UInt8],
        count: Int = 1
    ) -> Self {
        option(7, title, outcome) { honest in
            let one = Wire.reply(7, 3, data)
            return (0..<count).flatMap { _ in one } + honest
        }
    }

    private static let strangeInformation: [Self] = [
        information("information of no byte", .refusal("was empty"), []),
        information("information of one byte", .refusal("was empty"), [0]),
        information("a size of no byte", .refusal("came in 2 bytes"), [0, 0]),
        information("a size of 4 bytes", .refusal("came in 6 bytes"), [0, 0, 0, 0, 0, 1]),
        information(
            "a size of 100 bytes",
            .refusal("came in 102 bytes"),
            [UInt8](repeating: 0, count: 102)
        ),
        information(
            "information that nobody knows",
            .service,
            [0x77, 0x77] + [UInt8](repeating: 1, count: 60000)
        ),
        information("1000 times the same", .service, [0, 1], count: 1000),
        information("information without end", .refusal("without end"), [0, 1], count: 2000),
        information(
            "two sizes",
            .service,
            Wire.big(UInt16(0)) + Wire.big(UInt64.max) + Wire.big(UInt16(1))
        ),
        option(7, "no size", .refusal("did not tell the export's size")) { _ in Wire.reply(7, 1) },
        option(7, "is acknowledged twice", .failure) { $0 + Wire.reply(7, 1) },
        option(7, "an error after the size", .refusal("shutting down")) { honest in
            honest.dropLast(20) + Wire.reply(7, 1 << 31 | 7)
        },
    ]
}
