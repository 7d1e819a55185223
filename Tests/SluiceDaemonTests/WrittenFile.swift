import Glibc

@testable import FileWatching

/// Writes a file whole, and returns when nobody has it open for writing any more.
///
/// A child that another test starts holds a copy of each descriptor until it becomes another
/// program; a file that is written is not read by the daemon.
func writeFile(_ path: String, _ text: String) {
    guard let file = fopen(path, "we") else { return }
    fputs(text, file)
    fclose(file)
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    while OpenWriters.have(descriptor) { sched_yield() }
}

/// Replaces a file by rename.
func replaceFile(_ path: String, with text: String) {
    writeFile(path + ".part", text)
    rename(path + ".part", path)
}
