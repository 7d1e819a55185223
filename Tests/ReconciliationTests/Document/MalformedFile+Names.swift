extension MalformedFile {
    /// Names, references and graphs.
    static let names: [MalformedFile] = [
        MalformedFile("sluice: 1\nnodes:\n  1n: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  -n: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  n n: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  n/m: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  \"\": {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  'n:m': {driver: null-co}\n", "3:3 E0207"),
        MalformedFile(
            "sluice: 1\nnodes:\n  " + String(repeating: "a", count: 128) + ": {driver: null-co}\n",
            "3:3 E0207"
        ),
        MalformedFile("sluice: 1\nnodes:\n  n$: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  _n: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  .n: {driver: null-co}\n", "3:3 E0207"),
        MalformedFile("sluice: 1\nnodes:\n  n\u{200D}m: {driver: null-co}\n", "3:3 E0107"),
        MalformedFile("sluice: 1\nnodes:\n  n\u{AD}m: {driver: null-co}\n", "3:3 E0107"),
        MalformedFile("sluice: 1\nnodes:\n  \"n\\u202em\": {driver: null-co}\n", "3:3 E0107"),
        MalformedFile(
            "sluice: 1\nnodes:\n  b\u{FC}ro: {driver: null-co}\n  bu\u{308}ro: {driver: null-co}\n",
            "4:3 E0207"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  \u{434}\u{438}\u{441}\u{43A}: {driver: null-co}\n  r: {driver: raw, file: \u{434}\u{438}\u{441}\u{43A}1}\n",
            "4:26 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co}\n  r: {driver: raw, file: bu\u{308}ro}\n  b\u{FC}ro: {driver: null-co}\n",
            "4:26 E0207"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co}\n  a: {driver: null-co}\n",
            "4:3 E0103"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: raw, file: {driver: null-co}}\n  a.file: {driver: null-co}\n",
            "4:3 E0301"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a.file: {driver: null-co}\n  a: {driver: raw, file: {driver: null-co}}\n",
            "4:20 E0301"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {a: {driver: null-co}}\n---\nsluice: 1\nnodes: {a: {driver: null-co}}\n",
            "5:9 E0301"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a'}, m: {type: nbd, address: 'unix:a'}}\n",
            "2:72 E0304"
        ),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: raw, file: b}\n", "3:26 E0302"),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: raw, file: a}\n", "3:26 E0305"),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: raw, file: bb}\n  bbb: {driver: null-co}\n",
            "3:26 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  disk-file: {driver: null-co}\n  d: {driver: raw, file: disk-flie}\n",
            "4:26 E0302"
        ),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: raw, file: 5}\n", "3:26 E0302"),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: raw, file: x-note}\n", "3:26 E0302"),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: quorum, vote-threshold: 1, children: [b, c]}\n",
            "3:53 E0302",
            "3:56 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: copy-before-write, file: b, target: c}\n",
            "3:40 E0302",
            "3:51 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co}\n  b: {driver: copy-on-read, file: a, bottom: c}\n",
            "4:46 E0302"
        ),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: null-co, iothread: io0}\n", "3:34 E0302"),
        MalformedFile(
            "sluice: 1\niothreads: {io1: {}}\nnodes: {a: {driver: null-co, iothread: io0}}\n",
            "3:40 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co}\n  t: {driver: throttle, file: a, throttle-group: gold}\n",
            "4:50 E0302"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {gold: {}}\nnodes: {a: {driver: null-co}, t: {driver: throttle, file: a, throttle-group: glod}}\n",
            "3:78 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: raw, file: b}\n  b: {driver: raw, file: a}\n",
            "3:26 E0305"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: raw, file: b}\n  b: {driver: raw, file: c}\n  c: {driver: raw, file: a}\n",
            "3:26 E0305"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: quorum, vote-threshold: 1, children: [b, a]}\n  b: {driver: null-co}\n",
            "3:56 E0305"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: raw, file: {driver: raw, file: a}}\n",
            "3:26 E0305"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co, formerly: b}\n  b: {driver: null-co}\n",
            "3:34 E0306"
        ),
        MalformedFile(
            "sluice: 1\nnodes:\n  a: {driver: null-co, formerly: c}\n  b: {driver: null-co, formerly: c}\n",
            "4:34 E0306"
        ),
        MalformedFile("sluice: 1\nnodes:\n  a: {driver: null-co, formerly: a}\n", "3:34 E0306"),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: y}}\n",
            "4:32 E0302"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: zz}}\n",
            "4:32 E0302"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, listener: m}}\n",
            "4:45 E0302"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: l}}\n",
            "4:32 E0302"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, iothread: io0}}\n",
            "4:45 E0302"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z}}\n",
            "3:11 E0307"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a'}, m: {type: nbd, address: 'unix:b'}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z}}\n",
            "4:11 E0307"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports:\n  e: {type: nbd, node: z, name: d}\n  g: {type: nbd, node: z, name: d}\n",
            "6:33 E0303"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports:\n  e: {type: nbd, node: z, name: g}\n  g: {type: nbd, node: z}\n",
            "6:3 E0303"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {1e: {type: nbd, node: z}}\n",
            "4:11 E0207"
        ),
        MalformedFile(
            "sluice: 1\nnodes: &n\n  a: {driver: null-co, sise: 5}\nx-b: *n\n",
            "3:24 E0201"
        ),
        MalformedFile(
            "sluice: 1\nx-c: &c {driver: null-co, sise: 5}\nnodes:\n  a: *c\n  b: *c\n",
            "2:27 E0201"
        ),
        MalformedFile(
            "sluice: 1\nx-c: &c {driver: null-co, sise: 5}\nnodes:\n  a: {<<: *c}\n",
            "2:27 E0201"
        ),
        MalformedFile(
            "sluice: 1\nx-s: &s large\nnodes: {a: {driver: null-co, size: *s}}\n",
            "2:6 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co, read-only: true}}\nexports: {e: {type: nbd, node: z, writable: true}}\n",
            "4:45 E0413"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co, read-only: true}, r: {driver: raw, file: z}}\nexports: {e: {type: nbd, node: r, writable: true}}\n",
            "4:45 E0413"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {f: {driver: null-co}, a: {driver: qcow2, file: f, backing: null}, b: {driver: qcow2, file: f, backing: null}}\n",
            "3:56 E0412",
            "3:100 E0412"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {f: {driver: null-co}, a: {driver: qcow2, file: f, backing: null}}\nexports: {e: {type: nbd, node: f, writable: true}}\n",
            "3:56 E0412",
            "4:32 E0412"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co, size: 1000}, b: {driver: blkdebug, image: z, align: 512}}\nexports: {e: {type: nbd, node: b, writable: true}}\n",
            "4:45 E0414"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, share: [consistent-read], writable: true}, g: {type: nbd, node: z, name: h, writable: true}}\n",
            "4:99 E0412"
        ),
    ]
}
