import BlockDrivers
import BlockGraph
import GraphModel
import Testing

/// A stack of drivers that must behave as a disk.
struct ContractCase: Sendable, CustomTestStringConvertible {
    let testDescription: String
    var parent = "/tmp"
    var options: [(String, OptionValue)] = []
    /// Files of the same size beside the first, which is called `disk`.
    var others: [String] = []
    var above: [NodeDescription] = []
    /// What serves the disk to an `nbd` node, instead of files.
    var server: (@Sendable () -> ServerScript)?

    static let imageBytes = 2 << 20

    static let direct = OptionValue.mapping(
        Options([("direct", .flag(true)), ("no-flush", .flag(false))])
    )

    static let all: [ContractCase] = plain + filters + remotes

    private static let plain: [ContractCase] = [
        ContractCase(testDescription: "file"),
        ContractCase(testDescription: "file on tmpfs", parent: "/dev/shm"),
        ContractCase(testDescription: "file, direct", options: [("cache", direct)]),
        ContractCase(
            testDescription: "file, zeroes detected",
            options: [("detect-zeroes", .text("unmap"))]
        ),
        ContractCase(
            testDescription: "file, discards ignored",
            options: [("discard", .text("ignore"))]
        ),
        ContractCase(testDescription: "raw", above: [node("raw", over: "file")]),
        ContractCase(
            testDescription: "raw window",
            above: [
                node(
                    "raw",
                    [("offset", .integer(4096)), ("size", .integer(1 << 20))],
                    over: "file"
                )
            ]
        ),
        ContractCase(
            testDescription: "throttle without limits",
            above: [node("throttle", [("throttle-group", .text("g"))], over: "file")]
        ),
        ContractCase(
            testDescription: "blkdebug, aligned",
            above: [node("blkdebug", [("align", .integer(4096))], over: "image")]
        ),
        ContractCase(
            testDescription: "blkdebug, delayed",
            above: [node("blkdebug", [("delay", .integer(1_000_000))], over: "image")]
        ),
        ContractCase(
            testDescription: "all of them",
            options: [("cache", direct)],
            above: [
                node("raw", [("offset", .integer(8192))], over: "file"),
                node("throttle", [("throttle-group", .text("g"))], over: "file"),
                node("blkdebug", [("max-transfer", .integer(65536))], over: "image"),
            ]
        ),
    ]

    private static let filters: [ContractCase] = [
        ContractCase(
            testDescription: "copy-on-read",
            above: [node("copy-on-read", over: "file")]
        ),
        ContractCase(
            testDescription: "copy-before-write",
            others: ["target"],
            above: [node("copy-before-write", children: [("file", "disk"), ("target", "target")])]
        ),
        ContractCase(
            testDescription: "quorum of three",
            others: ["b", "c"],
            above: [
                node(
                    "quorum",
                    [("vote-threshold", .integer(3))],
                    children: [("children.0", "disk"), ("children.1", "b"), ("children.2", "c")]
                )
            ]
        ),
        ContractCase(
            testDescription: "quorum, direct, first of two",
            options: [("cache", direct)],
            others: ["b"],
            above: [
                node(
                    "quorum",
                    [("vote-threshold", .integer(1)), ("read-pattern", .text("fifo"))],
                    children: [("children.0", "disk"), ("children.1", "b")]
                )
            ]
        ),
        ContractCase(
            testDescription: "blkverify, zeroes detected",
            others: ["b"],
            above: [
                node(
                    "blkverify",
                    [("detect-zeroes", .text("unmap")), ("discard", .text("unmap"))],
                    children: [("raw", "disk"), ("test", "b")]
                )
            ]
        ),
        ContractCase(
            testDescription: "log-writes",
            others: ["log"],
            above: [node("log-writes", children: [("file", "disk"), ("log", "log")])]
        ),
        ContractCase(
            testDescription: "preallocate",
            above: [node("preallocate", over: "file")]
        ),
        ContractCase(
            testDescription: "filters over filters",
            others: ["target", "b"],
            above: [
                node("preallocate", children: [("file", "disk")], named: "p"),
                node(
                    "quorum",
                    [("vote-threshold", .integer(2))],
                    children: [("children.0", "p"), ("children.1", "b")],
                    named: "q"
                ),
                node("copy-before-write", children: [("file", "q"), ("target", "target")]),
                node("copy-on-read", over: "file"),
            ]
        ),
    ]

    private static func remote(
        _ title: String,
        options: [(String, OptionValue)] = [],
        _ change: @escaping @Sendable (inout ServerScript) -> Void
    ) -> ContractCase {
        var contract = ContractCase(testDescription: title, options: options)
        contract.server = {
            var script = ServerScript()
            change(&script)
            return script
        }
        return contract
    }

    private static let remotes: [ContractCase] = [
        remote("nbd") { _ in },
        remote("nbd, simple replies") { $0.isStructured = false },
        remote("nbd, a server that can only read and write") { $0.flags = 1 },
        remote("nbd, a server without FUA") { $0.flags = 1 | 4 | 256 },
        remote("nbd, large blocks and short transfers") { $0.blocks = [4096, 4096, 8192] },
        remote("nbd, a few bytes at a time") { $0.pieceBytes = 333 },
        remote("nbd, zeroes detected", options: [("detect-zeroes", .text("unmap"))]) { _ in },
    ]

    /// Drivers of its nodes.
    var drivers: Set<String> { Set([server == nil ? "file" : "nbd"] + above.map(\.driver)) }

    /// Opens the stack over files that are made when they are not there.
    func open(in directory: TemporaryDirectory) throws -> NodeStack {
        let groups = ThrottleGroups()
        var desired = GraphDescription()
        desired.throttleGroups["g"] = ThrottleGroupDescription(name: "g", limits: Options())
        try groups.prepare(live: GraphDescription(), desired: desired).commit()
        if let server {
            let remote = try directory.belonging { try ScriptedServer { _ in server() } }
            return try NodeStack([remote.node(options)] + above, groups: groups)
        }
        let size = OptionValue.integer(Int64(Self.imageBytes))
        let create = OptionValue.mapping(Options([("size", size)]))
        let files = (others + ["disk"]).map { name in
            fileNode(
                directory.path + "/" + name,
                options + [("create", create)],
                named: name
            )
        }
        let stack = try NodeStack(files + above, groups: groups)
        try stack.begin()
        return stack
    }
}
