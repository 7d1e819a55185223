// Lies of the greeting and of the options.
extension HostileServer {
    static let greetings: [Self] = [
        opening("it is a web server", .refusal("does not speak NBD")) {
            $0.greeting = Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)
        },
        opening("zeroes", .refusal("does not speak NBD")) {
            $0.greeting = [UInt8](repeating: 0, count: 18)
        },
        opening("all ones", .refusal("does not speak NBD")) {
            $0.greeting = [UInt8](repeating: 0xff, count: 18)
        },
        opening("the handshake of old", .refusal("old NBD handshake")) {
            $0.greeting = Array("NBDMAGIC".utf8) + Wire.big(UInt64(0x0000_4202_8186_1253)) + [0, 0]
        },
        opening("a second number that is none", .refusal("old NBD handshake")) {
            $0.greeting = Array("NBDMAGICNBDMAGIC".utf8) + [0, 3]
        },
        opening("not fixed newstyle", .refusal("fixed newstyle")) {
            $0.greeting = Array("NBDMAGICIHAVEOPT".utf8) + [0, 2]
        },
        opening("no words at all", .refusal("hung up")) { $0.bytesMax = 0 },
        opening("half a greeting", .refusal("hung up")) { $0.bytesMax = 9 },
        opening("two greetings", .refusal("wrong number")) { $0.greeting += Wire.greeting },
        opening("greeting flags that nobody knows", .service) {
            $0.greeting = Array("NBDMAGICIHAVEOPT".utf8) + [0xff, 0xff]
        },
        opening("zeroes are not skipped", .service) {
            $0.greeting = Array("NBDMAGICIHAVEOPT".utf8) + [0, 1]
        },
        opening("a greeting without end", .refusal("wrong number")) {
            $0.greeting += [UInt8](repeating: 0x41, count: 1 << 20)
        },
        opening("one byte at a time", .service) { $0.pieceBytes = 1 },
        opening("silence", .refusal("does not answer"), patience: 200) { $0.greeting = [] },
        opening("half a greeting, then silence", .refusal("does not answer"), patience: 200) {
            $0.greeting = Array("NBDMAGICIH".utf8)
        },
    ]

    static let options: [Self] = [8, 10, 7].flatMap(anyOption) + contexts + structured

    /// What any answer to an option can be.
    private static func anyOption(_ number: UInt32) -> [Self] {
        [
            option(number, "hangs up", .refusal("hung up")) { _ in nil },
            option(number, "silence", .refusal("does not answer"), patience: 200) { _ in [] },
            option(number, "half a header", .refusal("does not answer"), patience: 200) {
                Array($0.prefix(10))
            },
            option(number, "a wrong number first", .refusal("wrong number")) { _ in
                Wire.reply(number, 1, magic: 0x0003_e889_0455_65a8)
            },
            option(number, "an answer to another option", .refusal("it answered option 77")) { _ in
                Wire.reply(77, 1)
            },
            option(number, "64 KiB and one byte", .refusal("65537 bytes long")) { _ in
                Wire.reply(number, 3, length: 65537)
            },
            option(number, "2 GiB", .refusal("bytes long")) { _ in
                Wire.reply(number, 3, length: 1 << 31)
            },
            option(number, "4 GiB", .refusal("bytes long")) { _ in
                Wire.reply(number, 3, length: .max)
            },
            option(number, "a reply of a kind that is none", .refusal("which is no answer")) { _ in
                Wire.reply(number, 77)
            },
            option(number, "type 0", .refusal("which is no answer")) { _ in Wire.reply(number, 0) },
            option(number, "a list of servers", .refusal("which is no answer")) { _ in
                Wire.reply(number, 2, [0, 0, 0, 1, 0x61])
            },
            option(number, "an acknowledgement with data", .refusal("carried data")) { _ in
                Wire.reply(number, 1, [1, 2, 3])
            },
            option(number, "data is promised and does not come", .refusal("hung up")) { _ in
                Wire.reply(number, 1 << 31 | 2, length: 60000) + [0]
            }.hangingUp(after: number),
        ]
    }

    /// The same, but what comes after the answer is an end.
    private func hangingUp(after number: UInt32) -> Self {
        var script = script
        let lie = script.answer
        let honest = ServerScript()
        var before = script.greeting.count
        for option in [8, 10, 7] as [UInt32] {
            let isLast = option == number
            let sent = honest.honest(option, skipsZeroes: true)
            before += (isLast ? lie(option, sent) ?? [] : sent).count
            if isLast { break }
        }
        script.bytesMax = before
        return Self(testDescription: testDescription, outcome: outcome, script: script)
    }

    private static let structured: [Self] = [
        option(8, "is not known, and chunks come", .failure) { _ in Wire.reply(8, Wire.unsupported)
        },
        option(8, "is forbidden, and chunks come", .failure) { _ in Wire.reply(8, 1 << 31 | 2) },
        option(8, "is acknowledged twice", .refusal("it answered option 8")) { $0 + $0 },
        option(8, "the greeting again", .refusal("wrong number")) { _ in
            Wire.greeting + Wire.greeting
        },
    ]

    private static func context(_ name: String, _ number: UInt32 = 7) -> [UInt8] {
        Wire.reply(10, 4, Wire.big(number) + name.utf8)
    }

    private static let contexts: [Self] = [
        option(10, "is not known", .service) { _ in Wire.reply(10, Wire.unsupported) },
        option(10, "no context", .service) { _ in Wire.reply(10, 1) },
        option(10, "another context", .refusal("nobody asked for")) { honest in
            context("base:allocatiom") + honest
        },
        option(10, "a name that goes on", .refusal("nobody asked for")) { honest in
            context("base:allocation-and-more") + honest
        },
        option(10, "an empty name", .refusal("nobody asked for")) { honest in
            context("") + honest
        },
        option(10, "less than a number", .refusal("nobody asked for")) { honest in
            Wire.reply(10, 4, [0, 0]) + honest
        },
        option(10, "nothing", .refusal("nobody asked for")) { honest in
            Wire.reply(10, 4) + honest
        },
        option(10, "the context twice", .refusal("nobody asked for")) { honest in
            context("base:allocation", 1) + honest
        },
        option(10, "a context of 60,000 bytes", .refusal("nobody asked for")) { honest in
            context(String(repeating: "x", count: 60000)) + honest
        },
        option(10, "a context and then an error", .service) { _ in
            context("base:allocation") + Wire.reply(10, 1 << 31 | 3)
        },
        option(10, "an error with 60,000 words", .service) { _ in
            Wire.reply(10, 1 << 31 | 3, [UInt8](repeating: 0x78, count: 60000))
        },
    ]
}
