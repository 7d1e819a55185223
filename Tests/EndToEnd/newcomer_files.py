"""More files as people write them who have never seen sluice, and words that each message has to say."""

FILES = {
    "nbsp-before-key": ("""\
sluice: 1
nodes:
  disk:
    driver: file
\u00a0\u00a0\u00a0\u00a0filename: /srv/a.raw
""", [
        'U+00A0 (no-break space)',
    ]),
    "nbsp-after-colon": ("""\
sluice: 1
nodes:
  disk:
    driver:\u00a0file
    filename: /srv/a.raw
""", [
        'U+00A0 (no-break space)',
    ]),
    "max-length-alone": ("""\
sluice: 1
throttle-groups:
  g: {iops-total: 100, iops-total-max-length: 2s}
""", [
        'set iops-total-max as well',
    ]),
    "same-child-twice": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  q: {driver: quorum, vote-threshold: 2, children: [a, a]}
""", [
        'a copy has one vote',
    ]),
    "prealloc-zero": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  p: {driver: preallocate, file: a, prealloc-size: 0}
""", [
        'must be at least 1',
    ]),
    "snap-over-raw": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  s: {driver: snapshot-access, file: a}
""", [
        'wants a node of driver copy-before-write',
    ]),
    "smart-quotes-list": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: “unix:/run/sluice/nbd.sock”}
""", [
        'quotes are " and \'',
    ]),
    "libvirt": ("""\
disks:
  vda:
    type: qcow2
    source: /srv/a.qcow2
    target: vda
""", [
        'every document begins with sluice: 1',
        'sections:',
    ]),
    "json-missing-comma": ("""\
{
  "sluice": 1
  "nodes": {}
}
""", [
        'with commas between its entries',
    ]),
    "ini": ("""\
[sluice]
version = 1
[nodes]
disk = /srv/a.raw
""", [
        'not =: write version: VALUE',
    ]),
    "equals": ("""\
sluice: 1
nodes:
  disk:
    driver = file
    filename = /srv/a.raw
""", [
        'a key needs a colon and a space after it, not =',
    ]),
    "version-string": ("""\
sluice: "1"
nodes:
  a: {driver: null-co}
""", [
        'write it without quotes',
    ]),
    "upper-keys": ("""\
Sluice: 1
Nodes:
  a: {Driver: null-co}
""", [
        'did you mean "sluice"?',
        'did you mean "nodes"?',
    ]),
    "driver-case": ("""\
sluice: 1
nodes:
  a: {driver: QCOW2, file: b}
  b: {driver: File, filename: x}
""", [
        'did you mean "qcow2"?',
        'did you mean "file"?',
    ]),
    "type-for-driver": ("""\
sluice: 1
nodes:
  a: {type: file, filename: /x}
""", [
        'it is called driver here',
    ]),
    "path-for-filename": ("""\
sluice: 1
nodes:
  a: {driver: file, path: /x}
""", [
        'it is called filename here',
    ]),
    "file-string-for-driver-file": ("""\
sluice: 1
nodes:
  a: {driver: file, file: /x}
""", [
        'it is called filename here',
    ]),
    "raw-with-filename": ("""\
sluice: 1
nodes:
  a: {driver: raw, filename: /srv/a.raw}
""", [
        'file: {driver: file, filename: PATH}',
    ]),
    "file-path-in-file": ("""\
sluice: 1
nodes:
  a: {driver: qcow2, file: /srv/a.qcow2, backing: null}
""", [
        'file: {driver: file, filename: /srv/a.qcow2}',
    ]),
    "export-by-path": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
exports:
  a: {type: nbd, node: /srv/a.raw}
""", [
        'under nodes, disk: {driver: file, filename: /srv/a.raw}',
    ]),
    "export-string": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  a: {driver: null-co}
exports:
  a: a
""", [
        'a: {type: nbd, node: a}',
    ]),
    "export-missing-type": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  a: {driver: null-co}
exports:
  a: {node: a}
""", [
        'write type: nbd',
    ]),
    "export-no-listener": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
exports:
  a: {type: nbd, node: a}
""", [
        'declare one: listeners:',
    ]),
    "two-listeners": ("""\
sluice: 1
listeners:
  l1: {type: nbd, address: 'unix:/a'}
  l2: {type: nbd, address: 'unix:/b'}
nodes:
  a: {driver: null-co}
exports:
  a: {type: nbd, node: a}
""", [
        'did you mean "l1" or "l2"?',
    ]),
    "address-port": ("""\
sluice: 1
listeners:
  l1: {type: nbd, address: 0.0.0.0:10809}
""", [
        'did you mean "tcp:0.0.0.0:10809"?',
    ]),
    "address-portonly": ("""\
sluice: 1
listeners:
  l1: {type: nbd, port: 10809, host: 0.0.0.0}
""", [
        'address: Where clients connect: unix:PATH or tcp:HOST:PORT',
    ]),
    "address-uri": ("""\
sluice: 1
listeners:
  l1: {type: nbd, address: 'nbd://localhost:10809'}
""", [
        'did you mean "tcp:localhost:10809"?',
    ]),
    "mode-string": ("""\
sluice: 1
listeners:
  l1: {type: nbd, address: 'unix:/a', mode: rw-rw----}
""", [
        'permission bits such as 0660',
    ]),
    "size-comma": ("""\
sluice: 1
nodes:
  a: {driver: null-co, size: 1,5GiB}
""", [
        'a comma begins the next field',
    ]),
    "size-fraction": ("""\
sluice: 1
nodes:
  a: {driver: null-co, size: 1.5GiB}
""", [
        'did you mean "1536MiB"?',
    ]),
    "size-lower": ("""\
sluice: 1
nodes:
  a: {driver: null-co, size: 20gb}
""", [
        'did you mean "20GiB"?',
    ]),
    "dur-number": ("""\
sluice: 1
nodes:
  a: {driver: null-co, latency: 5}
""", [
        'did you mean "5s" or "5ms"?',
    ]),
    "dur-words": ("""\
sluice: 1
nodes:
  a: {driver: null-co, latency: 5 seconds}
""", [
        'did you mean "5s"?',
    ]),
    "bool-yes": ("""\
sluice: 1
nodes:
  a: {driver: null-co, read-only: yes}
""", [
        'did you mean "true"?',
    ]),
    "bool-quoted": ("""\
sluice: 1
nodes:
  a: {driver: null-co, read-only: "true"}
""", [
        'did you mean "true"?',
    ]),
    "name-space": ("""\
sluice: 1
nodes:
  my disk: {driver: null-co}
""", [
        'did you mean "my-disk"?',
    ]),
    "name-digit": ("""\
sluice: 1
nodes:
  1disk: {driver: null-co}
""", [
        'does not begin with a letter',
    ]),
    "name-slash": ("""\
sluice: 1
nodes:
  vm/disk: {driver: null-co}
""", [
        'did you mean "vm-disk"?',
    ]),
    "backing-path": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    file: {driver: file, filename: a.qcow2}
    backing: base.qcow2
""", [
        'backing: {driver: qcow2, file: {driver: file, filename: base.qcow2}, backing: null}',
    ]),
    "backing-none": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    file: {driver: file, filename: a.qcow2}
    backing: none
""", [
        'null is none',
    ]),
    "create-bool": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    file: {driver: file, filename: a.qcow2, create: true}
    create: true
    backing: null
""", [
        'at least create: {size: 20GiB}',
    ]),
    "create-size-only": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    file: {driver: file, filename: a.qcow2, create: true}
    create: 20GiB
    backing: null
""", [
        'did you mean "{size: 20GiB}"?',
    ]),
    "create-no-size": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    file: {driver: file, filename: a.qcow2, create: true}
    create: {cluster-size: 64KiB}
    backing: null
""", [
        'needs "size"',
    ]),
    "cluster-size-in-qcow2": ("""\
sluice: 1
nodes:
  a:
    driver: qcow2
    cluster-size: 64KiB
    file: {driver: file, filename: a.qcow2, create: true}
    backing: null
""", [
        'create: {cluster-size: 64KiB}',
    ]),
    "size-in-file": ("""\
sluice: 1
nodes:
  a: {driver: file, filename: a.raw, size: 20GiB}
""", [
        'create: {size: 20GiB}',
    ]),
    "list-marker-missing-space": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  q:
    driver: quorum
    vote-threshold: 1
    children:
      -a
      -a
""", [
        'a dash and a space begin each of a list',
    ]),
    "children-map": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  q:
    driver: quorum
    vote-threshold: 1
    children: {one: a}
""", [
        'children: [NAME, NAME]',
    ]),
    "children-single": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  q: {driver: quorum, vote-threshold: 1, children: a}
""", [
        'did you mean "[a]"?',
    ]),
    "unclosed-quote": ("""\
sluice: 1
nodes:
  a:
    driver: file
    filename: "/srv/a.raw
  b: {driver: null-co}
""", [
        'a quote or a bracket is opened and never closed',
    ]),
    "unclosed-brace": ("""\
sluice: 1
nodes:
  a: {driver: file, filename: /srv/a.raw
  b: {driver: null-co}
""", [
        'a mapping that begins with { ends with }',
    ]),
    "extra-brace": ("""\
sluice: 1
nodes:
  a: {driver: null-co}}
  b: {driver: null-co}
""", [
        'this } closes nothing',
    ]),
    "backslash": ("""\
sluice: 1
nodes:
  a: {driver: file, filename: "C:\\images\\a.raw"}
""", [
        'write \\\\, or use single quotes',
    ]),
    "colon-in-value": ("""\
sluice: 1
nodes:
  a:
    driver: file
    filename: /srv/a: b.raw
""", [
        'put quotes around a text that has one',
    ]),
    "percent": ("""\
sluice: 1
nodes:
  a:
    driver: file
    filename: %name
""", [
        'put quotes around a text that begins with %',
    ]),
    "template": ("""\
sluice: 1
nodes:
  a:
    driver: file
    filename: {{ disk }}
""", [
        'a template such as {{ name }} has to be filled in before',
    ]),
    "template2": ("""\
sluice: 1
nodes:
{% for x in y %}
  a:
    driver: null-co
{% endfor %}
""", [
        'a template has to be filled in before',
    ]),
    "env-var": ("""\
sluice: 1
nodes:
  a:
    driver: null-co
    size: ${SIZE}
""", [
        'variables are not filled in here',
    ]),
    "tab-inline": ("""\
sluice: 1
nodes:
\ta:
\t\tdriver: null-co
""", [
        'sluice fmt --tabs 2',
    ]),
    "dedent": ("""\
sluice: 1
nodes:
  a:
    driver: file
   filename: /x
""", [
        'lines of one mapping begin at one column',
    ]),
    "flat": ("""\
sluice: 1
nodes:
a:
  driver: null-co
""", [
        'a node stands under nodes: indent it',
    ]),
    "nodes-empty-driver": ("""\
sluice: 1
nodes:
  a:
    driver:
""", [
        'all drivers: sluice drivers',
    ]),
    "node-null": ("""\
sluice: 1
nodes:
  a:
""", [
        'a: {driver: file, filename: PATH}',
    ]),
    "node-string": ("""\
sluice: 1
nodes:
  a: /srv/a.raw
""", [
        'a: {driver: file, filename: /srv/a.raw}',
    ]),
    "dup-node": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  a: {driver: null-co, size: 1GiB}
""", [
        'take one of the two out',
    ]),
    "dup-section": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
nodes:
  b: {driver: null-co}
""", [
        'put what stands under both below one of them',
    ]),
    "throttle-inline-group": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  t: {driver: throttle, file: a, throttle-group: {iops-total: 100}}
""", [
        'declare it under throttle-groups',
    ]),
    "throttle-no-group": ("""\
sluice: 1
nodes:
  a: {driver: null-co}
  t: {driver: throttle, file: a, throttle-group: gold}
""", [
        'throttle-groups: {gold: {iops-total: 1000}}',
    ]),
    "iops-unlimited": ("""\
sluice: 1
throttle-groups:
  g: {iops-total: unlimited}
""", [
        '0 for no limit',
    ]),
    "iops-per-sec": ("""\
sluice: 1
throttle-groups:
  g: {iops: 1000}
""", [
        'iops-total',
    ]),
    "readonly-in-export": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  a: {driver: null-co}
exports:
  a: {type: nbd, node: a, read-only: false}
""", [
        'clients may write with writable: true',
    ]),
    "discard-on": ("""\
sluice: 1
nodes:
  a: {driver: file, filename: a, discard: on, detect-zeroes: true}
""", [
        'did you mean "unmap"?',
        'did you mean "on"?',
    ]),
    "aio-native": ("""\
sluice: 1
nodes:
  a: {driver: file, filename: a, aio: native}
""", [
        'did you mean "io_uring"?',
    ]),
    "iothread-missing": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  a: {driver: null-co}
exports:
  a: {type: nbd, node: a, iothread: io0}
""", [
        'iothreads: {io0: {}}',
    ]),
    "same-export-name": ("""\
sluice: 1
listeners:
  main: {type: nbd, address: "unix:/run/sluice/nbd.sock"}
nodes:
  a: {driver: null-co}
  b: {driver: null-co}
exports:
  a: {type: nbd, node: a, name: disk}
  b: {type: nbd, node: b, name: disk}
""", [
        'give one of them another',
    ]),
    "alias-undef": ("""\
sluice: 1
nodes:
  a: *base
""", [
        'write its name without *',
    ]),
    "nbd-host-only": ("""\
sluice: 1
nodes:
  a: {driver: nbd, host: 10.0.0.1, port: 10809}
""", [
        'server: {type: inet, host: 10.0.0.1}',
    ]),
    "nbd-server-string": ("""\
sluice: 1
nodes:
  a: {driver: nbd, server: 'unix:/s'}
""", [
        'such as server: {type: unix, path: ...}',
    ]),
    "nbd-port-str": ("""\
sluice: 1
nodes:
  a: {driver: nbd, server: {type: tcp, host: h, port: 10809}}
""", [
        'did you mean "inet"?',
    ]),
    "tls-true": ("""\
sluice: 1
listeners:
  l: {type: nbd, address: 'tcp:0.0.0.0:10809', tls: true}
""", [
        'at least tls: {certificate: ..., key: ...}',
    ]),
    "markdown-fence": ("""\
```yaml
sluice: 1
```
""", [
        'take out the lines with ```',
    ]),
    "git-conflict": ("""\
sluice: 1
nodes:
<<<<<<< HEAD
  a: {driver: null-co}
=======
  a: {driver: null-co, size: 1GiB}
>>>>>>> x
""", [
        'keep one of the two sides',
    ]),
    "just-text": ("""\
hello world
""", [
        'such as sluice: 1',
    ]),
}
