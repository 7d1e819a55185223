import Testing

/// What is below in a pair of real drivers: a disk of 1 MiB, in lines as ``quick(_:)`` reads them.
///
/// `K` stands for the name of the disk's own node; names of all others begin with it.
struct RealChild: Sendable {
    let title: String
    let lines: String
    /// The node that parks requests.
    var holder = "Kh"
    /// Files that are there from the start, and how long they are, in bytes.
    var files: [(name: String, bytes: Int)] = [("Kh", 1 << 20)]
    var isWritable = true
    /// Whether what it shows lies in the file of ``holder``, at the same places.
    var isTransparent = true
    /// Whether it shows anything but zeroes.
    var keeps = true

    /// What `DEVICE` stands for in the lines of a disk, by its name.
    var devices: [String: String] = [:]

    /// The lines of a disk of some name.
    func lines(_ name: String) -> String {
        lines.replacing("K", with: name).replacing("DEVICE", with: devices[name] ?? "") + "\n"
    }

    static let all: [RealChild] = [
        RealChild(title: "file", lines: "K file filename=Kh.raw", holder: "K"),
        RealChild(
            title: "null-co",
            lines: "K null-co size=1MiB",
            holder: "K",
            files: [],
            keeps: false
        ),
        RealChild(title: "nbd", lines: "K nbd server=FAR export=Kh", files: []),
        RealChild(title: "raw", lines: "Kh file\nK raw file=Kh"),
        RealChild(
            title: "window",
            lines: "Kh file\nK raw file=Kh offset=8192 size=1MiB",
            files: [("Kh", 2 << 20)],
            isTransparent: false
        ),
        RealChild(title: "throttle", lines: "Kh file\nK throttle file=Kh"),
        RealChild(title: "blkdebug", lines: "Kh file\nK blkdebug image=Kh"),
        RealChild(
            title: "qcow2",
            lines: "Kh file\nK qcow2 file=Kh create={\"size\":1MiB}",
            files: [("Kh", 0)],
            isTransparent: false
        ),
        RealChild(
            title: "overlay",
            lines: "Kh file\nKf file\nK qcow2 file=Kf backing=Kh create={\"size\":1MiB}",
            files: [("Kh", 1 << 20), ("Kf", 0)]
        ),
        RealChild(title: "copy-on-read", lines: "Kh file\nK copy-on-read file=Kh"),
        RealChild(
            title: "copy-before-write",
            lines: "Kh file\nKt file\nK copy-before-write file=Kh target=Kt",
            files: [("Kh", 1 << 20), ("Kt", 1 << 20)]
        ),
        RealChild(
            title: "snapshot-access",
            lines: "Kh file\nKt file\nKb copy-before-write file=Kh target=Kt\n"
                + "K snapshot-access file=Kb",
            files: [("Kh", 1 << 20), ("Kt", 1 << 20)],
            isWritable: false
        ),
        RealChild(
            title: "quorum",
            lines: "Kh file\nKt file\nK quorum vote-threshold=1 children=[Kh,Kt]",
            files: [("Kh", 1 << 20), ("Kt", 1 << 20)],
            isTransparent: false
        ),
        RealChild(
            title: "blkverify",
            lines: "Kh file\nKt file\nK blkverify raw=Kh test=Kt",
            files: [("Kh", 1 << 20), ("Kt", 1 << 20)],
            isTransparent: false
        ),
        RealChild(
            title: "log-writes",
            lines: "Kh file\nKt file\nK log-writes file=Kh log=Kt",
            files: [("Kh", 1 << 20), ("Kt", 0)]
        ),
        RealChild(
            title: "compress",
            lines: "Kh file\nKq qcow2 file=Kh create={\"size\":1MiB}\nK compress file=Kq",
            files: [("Kh", 0)],
            isTransparent: false
        ),
        RealChild(title: "preallocate", lines: "Kh file\nK preallocate file=Kh"),
    ]

    /// Devices of the host, by the names of disks.
    static func device(_ devices: [String: String]) -> RealChild {
        RealChild(
            title: "host_device",
            lines: "K host_device filename=DEVICE",
            holder: "K",
            isTransparent: false,
            devices: devices
        )
    }
}

/// What stands over the child in a pair, as the node `p`; `C` stands for the child's name.
struct RealParent: Sendable, CustomTestStringConvertible {
    let title: String
    let line: String
    /// Files of its other children that are there from the start, and how long they are.
    var files: [(name: String, bytes: Int)] = []
    var isWritable = true
    /// Whether the child holds something else than the disk's bytes.
    var holdsOther = false

    var testDescription: String { title }

    /// The lines of it and of its other children, over a child of some name.
    func lines(over child: String) -> String {
        files.map { "\($0.name) file\n" }.joined() + line.replacing("C", with: child) + "\n"
    }

    static let all: [RealParent] = [
        RealParent(title: "raw", line: "p raw file=C"),
        RealParent(title: "window", line: "p raw file=C offset=0 size=960KiB"),
        RealParent(title: "throttle", line: "p throttle file=C"),
        RealParent(title: "blkdebug", line: "p blkdebug image=C"),
        RealParent(title: "qcow2", line: "p qcow2 file=C", holdsOther: true),
        RealParent(
            title: "overlay",
            line: "p qcow2 file=pf backing=C create={\"size\":1MiB}",
            files: [("pf", 0)]
        ),
        RealParent(title: "copy-on-read", line: "p copy-on-read file=C"),
        RealParent(
            title: "copy-before-write",
            line: "p copy-before-write file=C target=pt",
            files: [("pt", 1 << 20)]
        ),
        RealParent(
            title: "target of copy-before-write",
            line: "p copy-before-write file=pt target=C",
            files: [("pt", 1 << 20)]
        ),
        RealParent(title: "snapshot-access", line: "p snapshot-access file=C", isWritable: false),
        RealParent(
            title: "quorum",
            line: "p quorum vote-threshold=1 children=[C,pt]",
            files: [("pt", 1 << 20)]
        ),
        RealParent(
            title: "blkverify",
            line: "p blkverify raw=C test=pt",
            files: [("pt", 1 << 20)]
        ),
        RealParent(
            title: "log-writes",
            line: "p log-writes file=C log=pl",
            files: [("pl", 0)]
        ),
        RealParent(
            title: "log of log-writes",
            line: "p log-writes file=pt log=C",
            files: [("pt", 1 << 20)],
            holdsOther: true
        ),
        RealParent(title: "compress", line: "p compress file=C"),
        RealParent(title: "preallocate", line: "p preallocate file=C"),
    ]
}
