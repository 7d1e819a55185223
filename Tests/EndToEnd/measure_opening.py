#!/usr/bin/python3
"""How long a start takes until the first read is answered, beside qemu-storage-daemon over the same images.

    SLUICE=/path/to/sluice /usr/bin/python3 Tests/EndToEnd/measure_opening.py --rounds 7

Opened are an empty image of 1 TiB with clusters of 64 KiB, the same with every mapping table in place, and a chain
of 100 layers. The time is that from the start of the program to the answer of a read of 4 KiB at the end of the
disk; a small raw file shows what of it is the program's own start, and the last two columns leave that away. Medians
over rounds in which the servers take turns. It is no test of CI: it needs a machine that does nothing else.
"""
import argparse
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import tempfile
import time

import nbd

TIB = 1 << 40
DEPTH = 100


def make(directory):
    """The layers of each image, the lowest first."""
    raw = directory / "plain.raw"
    raw.write_bytes(bytes(1 << 20))
    images = {"raw 1 MiB": [raw]}
    for name, options in (("1 TiB, empty", []), ("1 TiB, all tables", ["-o", "preallocation=metadata"])):
        path = directory / f"large{len(images)}.qcow2"
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *options, path, str(TIB)], check=True)
        images[name] = [path]
    layers = []
    for level in range(DEPTH):
        path = directory / f"chain{level}.qcow2"
        backing = ["-u", "-b", layers[-1], "-F", "qcow2"] if layers else []
        subprocess.run(["qemu-img", "create", "-q", "-f", "qcow2", *backing, path, "1G"], check=True)
        layers.append(path)
    images[f"chain of {DEPTH}"] = layers
    return images


def sluice(directory, socket, layers):
    text = f'sluice: 1\nlisteners: {{local: {{type: nbd, address: "unix:{socket}"}}}}\nnodes:\n'
    top = len(layers) - 1
    for level, path in enumerate(layers):
        file = f'driver: file, filename: "{path}"'
        if path.suffix == ".raw":
            text += f"  n{level}: {{{file}}}\n"
            continue
        backing = f"n{level - 1}" if level else "null"
        rights = ", read-only: true" if level < top else ""
        text += f"  n{level}: {{driver: qcow2, backing: {backing}{rights}, file: {{{file}}}}}\n"
    text += f"exports:\n  disk: {{type: nbd, node: n{top}, writable: true}}\n"
    (directory / "graph.yaml").write_text(text)
    shutil.rmtree(directory / "state", ignore_errors=True)
    return [os.environ["SLUICE"], "serve", directory / "graph.yaml", "--state-dir", directory / "state",
            "--control", directory / "control.sock", "--no-watch"]


def storage_daemon(directory, socket, layers):
    arguments = ["qemu-storage-daemon", "--nbd-server", f"addr.type=unix,addr.path={socket}"]
    top = len(layers) - 1
    for level, path in enumerate(layers):
        rights = ",read-only=on" if level < top else ""
        file = f"driver=file,node-name=f{level},filename={path}{rights}"
        arguments += ["--blockdev", file]
        if path.suffix == ".qcow2":
            backing = f",backing=n{level - 1}" if level else ""
            arguments += ["--blockdev", f"driver=qcow2,node-name=n{level},file=f{level}{backing}{rights}"]
    node = f"n{top}" if layers[0].suffix == ".qcow2" else f"f{top}"
    return arguments + ["--export", f"type=nbd,id=e,node-name={node},name=disk,writable=on"]


def measure(arguments, socket, log):
    """Milliseconds until the first read is answered."""
    socket.unlink(missing_ok=True)
    begin = time.monotonic()
    with open(log, "wb") as output:
        process = subprocess.Popen(arguments, stdout=output, stderr=output)
    try:
        while True:
            handle = nbd.NBD()
            try:
                handle.connect_uri(f"nbd+unix:///disk?socket={socket}")
                break
            except nbd.Error:
                if process.poll() is not None or time.monotonic() - begin > 60:
                    raise SystemExit(f"{arguments[0]} does not serve: {log.read_text()[-2000:]}")
                time.sleep(0.0005)
        handle.pread(4096, handle.get_size() - 4096)
        elapsed = time.monotonic() - begin
        handle.shutdown()
        return elapsed * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    directory = pathlib.Path(tempfile.mkdtemp(prefix="sluice-opening."))
    try:
        images = make(directory)
        times = {}
        for _ in range(rounds):
            for name, layers in images.items():
                for server in (sluice, storage_daemon):
                    socket = directory / "nbd.sock"
                    found = measure(server(directory, socket, layers), socket, directory / "log")
                    times.setdefault((name, server), []).append(found)
        print(f"{'image':20} {'sluice ms':>10} {'qemu ms':>10} {'ratio':>6}   {'over raw: sluice':>16} {'qemu':>6}")
        medians = {key: statistics.median(found) for key, found in times.items()}
        for name in images:
            ours, theirs = (medians[name, server] for server in (sluice, storage_daemon))
            own = [medians["raw 1 MiB", server] for server in (sluice, storage_daemon)]
            print(f"{name:20} {ours:10.1f} {theirs:10.1f} {ours / theirs:6.2f}   {ours - own[0]:16.1f} {theirs - own[1]:6.1f}")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
