extension MalformedFile {
    /// Sections, nodes and options of the drivers for files.
    static let options: [MalformedFile] = [
        MalformedFile("nodes: {}\n", "1:1 E0110"),
        MalformedFile("sluice:\n", "1:8 E0110"),
        MalformedFile("sluice: 2\n", "1:9 E0110"),
        MalformedFile("sluice: 1.0\n", "1:9 E0110"),
        MalformedFile("sluice: '1'\n", "1:9 E0110"),
        MalformedFile("sluice: [1]\n", "1:9 E0110"),
        MalformedFile("sluice: one\n", "1:9 E0110"),
        MalformedFile("sluice: 01\n", "1:9 E0110"),
        MalformedFile("sluce: 1\n", "1:1 E0201"),
        MalformedFile("Sluice: 1\n", "1:1 E0201"),
        MalformedFile("sluice: 1\nnode: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nndoes: {n: {driver: null-co}}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nexport: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nlistener: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\niothread: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nthrottle-group: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nthrottle_groups: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nblocks: {}\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nX-note: 1\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nx_note: 1\n", "2:1 E0201"),
        MalformedFile("sluice: 1\nnodes: 5\n", "2:8 E0204"),
        MalformedFile("sluice: 1\nnodes: text\n", "2:8 E0204"),
        MalformedFile("sluice: 1\nnodes: [n]\n", "2:8 E0204"),
        MalformedFile("sluice: 1\nexports: []\n", "2:10 E0204"),
        MalformedFile("sluice: 1\nlisteners: \"\"\n", "2:12 E0204"),
        MalformedFile("sluice: 1\niothreads: 4\n", "2:12 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: true\n", "2:18 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: }\n", "2:12 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: null}\n", "2:12 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: null-co}\n", "2:12 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: [null-co]}\n", "2:12 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {}}\n", "2:9 E0202"),
        MalformedFile("sluice: 1\nlisteners: {l: unix}\n", "2:16 E0204"),
        MalformedFile("sluice: 1\nlisteners: {l: }\n", "2:13 E0202"),
        MalformedFile("sluice: 1\nexports: {e: n}\n", "2:14 E0204"),
        MalformedFile("sluice: 1\nexports: {e: }\n", "2:11 E0202"),
        MalformedFile("sluice: 1\niothreads: {io0: 1}\n", "2:18 E0204"),
        MalformedFile("sluice: 1\niothreads: {io0: []}\n", "2:18 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {size: 5}}\n", "2:9 E0202"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: }}\n", "2:21 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null}}\n", "2:21 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: []}}\n", "2:21 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: {}}}\n", "2:21 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: 5}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: nullco}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null_co}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: File}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: qcow3, file: n}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: 'qcow'}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: vmdk, file: n}}\n", "2:21 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {drivr: file, filename: a}}\n", "2:13 E0201"),
        MalformedFile("sluice: 1\nnodes: {n: {Driver: file, filename: a}}\n", "2:13 E0201"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file}}\n", "2:9 E0202"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filename: }}\n", "2:37 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filename: ~}}\n", "2:37 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filename: []}}\n", "2:37 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filename: {a: b}}}\n", "2:37 E0204"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, file: a}}\n",
            "2:27 E0201"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filname: a}}\n", "2:27 E0201"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, path: a}}\n",
            "2:27 E0201"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: file, filename: \"a\\0b\"}}\n", "2:37 E0205"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: " + String(repeating: "a", count: 4097)
                + "}}\n",
            "2:37 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, aio: native}}\n",
            "2:45 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, aio: uring}}\n",
            "2:45 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, aio: true}}\n",
            "2:45 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, locking: yes}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, locking: true}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, locking: []}}\n",
            "2:49 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, locking: onn}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: maybe}}\n",
            "2:48 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: yes}}\n",
            "2:48 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: 5}}\n",
            "2:48 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: []}}\n",
            "2:48 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: {size: }}}\n",
            "2:55 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: {size: big}}}\n",
            "2:55 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: {size: -1}}}\n",
            "2:55 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: {sise: 5}}}\n",
            "2:49 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, create: {preallocation: meta}}}\n",
            "2:64 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, size: 5}}\n",
            "2:40 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, backing: null}}\n",
            "2:40 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, image: b}}\n",
            "2:40 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: yes}}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: no}}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: 'true'}}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: 1}}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: }}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read-only: []}}\n",
            "2:51 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, readonly: true}}\n",
            "2:40 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, read_only: true}}\n",
            "2:40 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, auto-read-only: maybe}}\n",
            "2:56 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: true}}\n",
            "2:47 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: direct}}\n",
            "2:47 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: [direct]}}\n",
            "2:47 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: {direct: 1}}}\n",
            "2:56 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: {drect: true}}}\n",
            "2:48 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: {no_flush: true}}}\n",
            "2:48 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, cache: {}, cahce: {}}}\n",
            "2:51 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, discard: on}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, discard: ignroe}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, discard: true}}\n",
            "2:49 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, detect-zeroes: maybe}}\n",
            "2:55 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, detect-zeroes: true}}\n",
            "2:55 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, detect-zeroes: unmap, discard: ignore}}\n",
            "2:55 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, force-share: true}}\n",
            "2:53 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, force-share: maybe}}\n",
            "2:53 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, iothread: 5.5}}\n",
            "2:50 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, iothread: []}}\n",
            "2:50 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, protect: please}}\n",
            "2:49 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, formerly: []}}\n",
            "2:50 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: file, filename: a, formerly: n}}\n",
            "2:50 E0306"
        ),
    ]
}
