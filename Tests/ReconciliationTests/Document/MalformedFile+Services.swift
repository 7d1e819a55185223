extension MalformedFile {
    /// Options of drivers for tests, of services and of exports.
    static let services: [MalformedFile] = [
        MalformedFile("sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix}}}\n", "2:34 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: tcp, host: a}}}\n",
            "2:41 E0206"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: nbd, server: {type: inet}}}\n", "2:34 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: inet, host: a, port: 0}}}\n",
            "2:62 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: inet, host: a, port: 70000}}}\n",
            "2:62 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: inet, host: a, port: nbd}}}\n",
            "2:62 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix, path: a, host: b}}}\n",
            "2:56 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix, path: a}, export: []}}\n",
            "2:65 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix, path: a}, tls: true}}\n",
            "2:62 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix, path: a}, tls: {cert: b}}}\n",
            "2:63 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: unix, path: a}, reconnect-delay: 5}}\n",
            "2:74 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: nbd, server: {type: [unix]}}}\n",
            "2:41 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: z}}\n",
            "2:80 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: []}}\n",
            "2:80 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, children: [z]}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 0, children: [z]}}\n",
            "2:67 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 2, children: [z]}}\n",
            "2:67 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: [z, null]}}\n",
            "2:84 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: [[z]]}}\n",
            "2:81 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: [z], read-pattern: any}}\n",
            "2:99 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: {a: z}}}\n",
            "2:80 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: [z, {driver: nul-co}]}}\n",
            "2:93 E0203"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, file: z}}\n",
            "2:53 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, align: 3}}\n",
            "2:70 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, align: 0}}\n",
            "2:70 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, align: 512, max-transfer: 1000}}\n",
            "2:89 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: {errno: 5}}}\n",
            "2:77 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [5]}}\n",
            "2:78 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{errno: EOI}]}}\n",
            "2:86 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{errno: 500}]}}\n",
            "2:86 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{iotype: reads}]}}\n",
            "2:87 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{sector: -1}]}}\n",
            "2:87 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{once: yes}]}}\n",
            "2:85 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{probability: 2}]}}\n",
            "2:92 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, inject-error: [{probability: nan}]}}\n",
            "2:92 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, delay: slow}}\n",
            "2:70 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, take-child-perms: write}}\n",
            "2:81 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, take-child-perms: [wirte]}}\n",
            "2:82 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkdebug, image: z, unshare-child-perms: [all]}}\n",
            "2:85 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkverify, raw: z}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: blkverify, test: z}}\n",
            "2:31 E0202"
        ),
        MalformedFile("sluice: 1\nlisteners: {l: {address: 'unix:a'}}\n", "2:13 E0202"),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd}}\n", "2:13 E0202"),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nfs, address: 'unix:a'}}\n", "2:23 E0206"),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd, address: a}}\n", "2:37 E0204"),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:'}}\n", "2:37 E0204"),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd, address: 'tcp:a'}}\n", "2:37 E0204"),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'tcp:a:nbd'}}\n",
            "2:37 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'tcp::10809'}}\n",
            "2:37 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'tcp:a:70000'}}\n",
            "2:37 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'tcp:::1:10809x'}}\n",
            "2:37 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:"
                + String(repeating: "a", count: 108) + "'}}\n",
            "2:37 E0204"
        ),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd, address: {unix: a}}}\n", "2:37 E0204"),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', mode: 888}}\n",
            "2:53 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', mode: 01777}}\n",
            "2:53 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', mode: rw}}\n",
            "2:53 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', max-connections: 0}}\n",
            "2:64 E0205"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', max-connections: many}}\n",
            "2:64 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', tls: on}}\n",
            "2:52 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: 'unix:a', tls: {key: b}}}\n",
            "2:52 E0202"
        ),
        MalformedFile("sluice: 1\nlisteners: {l: {type: nbd, adress: 'unix:a'}}\n", "2:28 E0201"),
        MalformedFile("sluice: 1\niothreads: {io0: {cpu: -1}}\n", "2:24 E0205"),
        MalformedFile("sluice: 1\niothreads: {io0: {cpu: 5000}}\n", "2:24 E0205"),
        MalformedFile("sluice: 1\niothreads: {io0: {cpu: first}}\n", "2:24 E0204"),
        MalformedFile("sluice: 1\niothreads: {io0: {cpus: 1}}\n", "2:19 E0201"),
        MalformedFile("sluice: 1\niothreads: {io0: {cpu: [1]}}\n", "2:24 E0204"),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: []}}\n",
            "5:45 E0205"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: [a, a]}}\n",
            "5:49 E0208"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: [a, b]}}\n",
            "5:49 E0302"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: {a: 1}}}\n",
            "5:45 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: [a, [a]]}}\n",
            "5:49 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\niothreads: {a: }\nexports: {e: {type: nbd, node: z, iothread: [a, null]}}\n",
            "5:49 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {node: z}}\n",
            "4:11 E0202"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd}}\n",
            "4:11 E0202"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: fuse, node: z}}\n",
            "4:21 E0206"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: }}\n",
            "4:32 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: [z]}}\n",
            "4:32 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: {driver: null-co}}}\n",
            "4:32 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, listener: []}}\n",
            "4:45 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, name: }}\n",
            "4:41 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, writable: yes}}\n",
            "4:45 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, writeable: true}}\n",
            "4:35 E0201"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, share: write}}\n",
            "4:42 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, share: [writes]}}\n",
            "4:43 E0206"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, max-connections: 0}}\n",
            "4:52 E0205"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, on-remove: wait}}\n",
            "4:46 E0206"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, protect: 2}}\n",
            "4:44 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, description: []}}\n",
            "4:48 E0204"
        ),
        MalformedFile(
            "sluice: 1\nlisteners: {l: {type: nbd, address: \"unix:a\"}}\nnodes: {z: {driver: null-co}}\nexports: {e: {type: nbd, node: z, read-only: true}}\n",
            "4:35 E0201"
        ),
    ]
}
