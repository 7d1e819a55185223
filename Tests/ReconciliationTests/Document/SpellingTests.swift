import Reconciliation
import Testing

@Suite("Spelling")
struct SpellingTests {
    @Test(
        "words within two edits, less than half the word, are suggested, closest first",
        arguments: [
            ("cahce", ["cache", "create", "file"], ["cache"]),
            ("qcow3", ["qcow2", "raw"], ["qcow2"]),
            ("vm1-flie", ["vm1-file", "vm1-fmt"], ["vm1-file"]),
            ("x", ["y"], []),
            ("file", ["file"], []),
            ("disc", ["disk", "disks"], ["disk"]),
        ]
    )
    func suggestions(word: String, known: [String], suggested: [String]) {
        #expect(Spelling.near(word, among: known) == suggested)
    }
}
