extension MalformedFile {
    /// Options of the other drivers.
    static let drivers: [MalformedFile] = [
        MalformedFile("sluice: 1\nnodes: {n: {driver: host_device}}\n", "2:9 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: host_device, filename: /dev/a, create: true}}\n",
            "2:52 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: host-device, filename: /dev/a}}\n",
            "2:21 E0203"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, cluster-size: 3KiB}}}\n",
            "2:119 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, compat: v2, extended-l2: true}}}\n",
            "2:113 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, cluster-size: 4KiB, extended-l2: true}}}\n",
            "2:119 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: f, create: {size: 1GiB, preallocation: full}}}\n",
            "2:117 E0208"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: large}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: -1}}\n", "2:36 E0205"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 1.5GiB}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 64 KiB}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 64kb}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 64kib}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 1e9}}\n", "2:36 E0204"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: null-co, size: 9223372036854775808}}\n",
            "2:36 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: null-co, size: 16777216TiB}}\n",
            "2:36 E0205"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 0x}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: '+'}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: 1_000}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: [1]}}\n", "2:36 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, size: {a: 1}}}\n", "2:36 E0204"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: null-co, read-zeroes: zeroes}}\n",
            "2:43 E0204"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: 5}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: 5 s}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: 5sec}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: -1s}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: 1.5s}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: null-co, latency: []}}\n", "2:39 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: raw}}\n", "2:9 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: }}\n",
            "2:54 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: null}}\n",
            "2:54 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: [z]}}\n",
            "2:54 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: z, offset: x}}\n",
            "2:65 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: z, size: -5}}\n",
            "2:63 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: z, offset: 5, ofset: 6}}\n",
            "2:68 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, image: z}}\n",
            "2:48 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: raw, file: z, backing: z}}\n",
            "2:57 E0201"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: raw, file: {}}}\n", "2:26 E0202"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: raw, file: {driver: }}}\n", "2:41 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: raw, file: {driver: fil}}}\n", "2:41 E0203"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: raw, file: {driver: file}}}\n", "2:26 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: raw, file: {driver: raw, file: {driver: null-co, sise: 5}}}}\n",
            "2:70 E0201"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: qcow2}}\n", "2:9 E0202"),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: true}}\n",
            "2:92 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {}}}\n",
            "2:92 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: }}}\n",
            "2:99 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, cluster-size: 1}}}\n",
            "2:119 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, cluster-size: 4MiB}}}\n",
            "2:119 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, compat: v4}}}\n",
            "2:113 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, preallocation: yes}}}\n",
            "2:120 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, compression-type: gzip}}}\n",
            "2:123 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, create: {size: 1GiB, extended-l2: 1}}}\n",
            "2:118 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, lazy-refcounts: always}}\n",
            "2:100 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, l2-cache-size: many}}\n",
            "2:99 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, cache-clean-interval: 900}}\n",
            "2:106 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, data-file: []}}\n",
            "2:95 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, data_file: null}}\n",
            "2:84 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, backing-file: f}}\n",
            "2:84 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {f: {driver: file, filename: a}, n: {driver: qcow2, file: f, backing: null, bakcing: null}}\n",
            "2:84 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: throttle, file: z}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: throttle, file: z, throttle-group: }}\n",
            "2:78 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: throttle, file: z, throttle-group: []}}\n",
            "2:78 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: throttle, file: z, throttlegroup: g}}\n",
            "2:62 E0201"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: throttle, file: z, iops: 5}}\n",
            "2:31 E0202",
            "2:62 E0201"
        ),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops: 5}}\n", "2:23 E0201"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: lots}}\n", "2:35 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: -1}}\n", "2:35 E0205"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: 1.5}}\n", "2:35 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: '5'}}\n", "2:35 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: 1_000}}\n", "2:35 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total: 10k}}\n", "2:35 E0204"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {bps-total: fast}}\n", "2:34 E0204"),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-read: 5}}\n",
            "2:49 E0208"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {bps-total: 5, bps-write: 5}}\n",
            "2:48 E0208"
        ),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-total-max: 5}}\n", "2:39 E0208"),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-total-max: 4}}\n",
            "2:54 E0208"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-total-max-length: 1}}\n",
            "2:61 E0204"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-total-max-length: 2d}}\n",
            "2:61 E0204"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-total-max-length: 48h}}\n",
            "2:61 E0205"
        ),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {iops-size: 4096}}\n", "2:34 E0208"),
        MalformedFile("sluice: 1\nthrottle-groups: {g: {bps-read: []}}\n", "2:33 E0204"),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-on-read}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-on-read, file: z, bottom: []}}\n",
            "2:74 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-before-write, file: z}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-before-write, file: z, target: null}}\n",
            "2:79 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-before-write, file: z, target: z, on-cbw-error: ignore}}\n",
            "2:96 E0206"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: copy-before-write, file: z, target: z, cbw-timeout: 45}}\n",
            "2:95 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: snapshot-access}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: compress}}\n",
            "2:31 E0202"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: preallocate, file: z, prealloc-align: 0}}\n",
            "2:81 E0205"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: preallocate, file: z, prealloc-size: some}}\n",
            "2:80 E0204"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: preallocate, file: z, prealloc-size: 0}}\n",
            "2:80 E0205"
        ),
        MalformedFile(
            "sluice: 1\nthrottle-groups: {g: {iops-total: 5, iops-total-max-length: 2s}}\n",
            "2:61 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {z: {driver: null-co}, n: {driver: quorum, vote-threshold: 1, children: [z, z]}}\n",
            "2:84 E0208"
        ),
        MalformedFile(
            "sluice: 1\nnodes: {n: {driver: snapshot-access, file: {driver: null-co}}}\n",
            "2:44 E0208"
        ),
        MalformedFile("sluice: 1\nnodes: {n: {driver: nbd}}\n", "2:9 E0202"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: nbd, server: unix}}\n", "2:34 E0204"),
        MalformedFile("sluice: 1\nnodes: {n: {driver: nbd, server: {}}}\n", "2:34 E0202"),
    ]
}
