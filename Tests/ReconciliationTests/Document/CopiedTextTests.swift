import GraphModel
import Reconciliation
import Testing

@Suite("Text that was copied from elsewhere")
struct CopiedTextTests {
    @Test(
        "a space that is none is the finding, and nothing that follows from it",
        arguments: [
            ("nodes:\n  d:\n    driver: file\n\u{A0}\u{A0}\u{A0}\u{A0}filename: a\n", "5:1"),
            ("nodes:\n  d:\n    driver: file\n    \u{A0}filename: a\n", "5:5"),
            ("nodes:\n  d:\n    driver:\u{A0}file\n    filename: a\n", "4:12"),
            ("nodes:\n  d: {driver: file\u{A0}, filename: a}\n", "3:19"),
            ("nodes:\n  d: {driver: file,\u{2003}filename: a}\n", "3:20"),
            ("nodes:\n  d: {driver: null-co, read-only: true\u{A0}}\n", "3:39"),
            ("nodes:\n  d: {driver: null-co, size:  \u{3000}1GiB}\n", "3:31"),
            ("nodes:\n  d: {\u{A0}driver: null-co}\n", "3:7"),
            ("nodes:\n  my\u{A0}disk: {driver: null-co}\n", "3:5"),
            ("nodes:\n  d:\u{A0}{driver: null-co}\n  e: {driver: null-co}\n", "3:5"),
        ]
    )
    func hiddenSpaces(text: String, place: String) {
        #expect(findings(read("sluice: 1\n" + text)) == ["\(place) E0107"])
    }

    @Test("such a space is legal in a text, a comment and a note")
    func legalSpaces() {
        let text =
            "sluice: 1  # a\u{A0}b\nx-n: c\u{A0}d\nnodes:\n"
            + "  d: {driver: file, filename: 'my\u{A0}disk.raw'}\n"
        #expect(findings(read(text)) == [])
    }

    @Test("the version behind such a space is not missed as well")
    func version() {
        #expect(findings(read("\u{A0}sluice: 1\n")) == ["1:1 E0107"])
    }

    @Test(
        "lines of another language are told as such",
        arguments: [
            (
                "nodes:\n<<<<<<< HEAD\n  a: {driver: null-co}\n=======\n",
                "merge that is not finished"
            ),
            ("[nodes]\ndisk = /srv/a.raw\n", "not ="),
            ("```\nnodes:\n", "take out the lines with ```"),
            ("nodes:\n{% for x in y %}\n", "a template has to be filled in"),
            ("nodes: {a: {driver: file, filename: {{ x }}}}\n", "has to be filled in before"),
            ("nodes: {a: {driver: null-co}}}\n", "this } closes nothing"),
            ("nodes:\n  a: {driver: file, filename: %x}\n", "begins with %"),
            ("nodes:\n  a:\n    driver = file\n", "not ="),
            ("nodes: {a: {driver: null-co, size: \"${SIZE}\"}}\n", "variables are not filled in"),
        ]
    )
    func otherLanguages(text: String, said: String) throws {
        let diagnostic = try #require(read("sluice: 1\n" + text).diagnostics.first)
        #expect((diagnostic.help + [diagnostic.message]).joined().contains(said))
    }

    @Test("a quote of a page is a letter, of which a warning tells")
    func foreignQuotes() {
        let text = "sluice: 1\nnodes: {d: {driver: file, filename: “a”}}\n"
        #expect(findings(read(text)) == ["2:37 W0204"])
        #expect(read(text).verdict == .valid)
    }

    @Test("UTF-16 and UTF-32 are shown as what they say")
    func wideText() {
        let text = "sluice: 1\n"
        let units = text.utf16.flatMap { [UInt8($0 & 0xFF), UInt8($0 >> 8)] }
        let swapped = text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        let four = text.unicodeScalars.flatMap { [UInt8($0.value & 0xFF), 0, 0, 0] }
        for bytes in [
            [0xFF, 0xFE] + units, units, [0xFE, 0xFF] + swapped, swapped,
            [0xFF, 0xFE, 0, 0] + four, four,
        ] {
            #expect(WideText.decoded(bytes) == Array(text.utf8))
        }
        #expect(WideText.decoded(Array(text.utf8)) == nil)
    }
}
