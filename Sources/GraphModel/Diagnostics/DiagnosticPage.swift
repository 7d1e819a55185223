/// The long text about one kind of finding.
package struct DiagnosticPage: Sendable {
    /// The code that findings bear.
    package let code: String
    /// What it is about, in a few words.
    package let title: String
    /// What it means, and what to do.
    package let text: String

    private init(_ code: String, _ title: String, _ text: String) {
        self.code = code
        self.title = title
        self.text = text
    }

    /// All pages, by code.
    package static let all: [DiagnosticPage] = textPages + schemaPages + namePages + graphPages

    private static let textPages = [
        DiagnosticPage(
            "E0100",
            "not YAML",
            "The text cannot be parsed, so nothing after this place is known.\nOften a bracket, a "
                + "quote or a colon with a space after it is missing just before."
        ),
        DiagnosticPage(
            "E0101",
            "encoding",
            "Files are UTF-8. Save the file as UTF-8; a byte order mark is harmless."
        ),
        DiagnosticPage(
            "E0102",
            "tab used for indentation",
            "YAML is indented with spaces only. Replace each tab by spaces."
        ),
        DiagnosticPage(
            "E0103",
            "key",
            "A mapping has each key once, and a key is a text. Readers that accept a key twice keep "
                + "one of\nthe two without saying which, so it is refused here."
        ),
        DiagnosticPage(
            "E0104",
            "file too large",
            "A file has at most 1 MiB. Split it: all files of a directory are one configuration."
        ),
        DiagnosticPage(
            "E0105",
            "too many values",
            "A file has at most 100,000 values, aliases counted with all that they stand for. They "
                + "are counted\nand not expanded, so a small file cannot stand for a huge one."
        ),
        DiagnosticPage(
            "E0106",
            "nested too deeply",
            "Mappings and lists are nested at most 32 levels. Give inner nodes names of their own "
                + "under nodes,\nand refer to them."
        ),
        DiagnosticPage(
            "E0107",
            "hidden character",
            "NUL, line ends that editors do not show (U+0085, U+2028, U+2029) and characters that "
                + "turn the\ndirection of text are refused: with them a file says something else "
                + "than it shows."
        ),
        DiagnosticPage(
            "E0108",
            "empty file",
            "A file without any content declares nothing. To say so on purpose, write sluice: 1."
        ),
        DiagnosticPage(
            "E0109",
            "unknown anchor",
            "An alias *name stands for what &name marks, earlier in the same document."
        ),
        DiagnosticPage(
            "E0110",
            "format version",
            "Every document begins with sluice: 1, so that a later version can read it rightly."
        ),
        DiagnosticPage(
            "E0111",
            "merge key",
            "<< merges a mapping, or a list of mappings. Keys written beside it win; two merged "
                + "mappings\nmust not disagree."
        ),
        DiagnosticPage(
            "E0112",
            "tag",
            "A tag such as !!str or !disk stands before a value and says its type. Each option knows "
                + "the type of\nits value, so only the tags of YAML's core schema are taken: !!str, "
                + "!!int, !!float, !!bool,\n!!null, !!map and !!seq, each before a value that it fits."
        ),
    ]

    private static let schemaPages = [
        DiagnosticPage(
            "E0201",
            "unknown field",
            "The key is not one that this object has. Keys that begin with x- are free for notes.\n"
                + "All fields of a driver: sluice drivers NAME."
        ),
        DiagnosticPage(
            "E0202",
            "missing field",
            "The object cannot be made without this option or child."
        ),
        DiagnosticPage(
            "E0203",
            "unknown driver",
            "No driver has this name. All drivers: sluice drivers."
        ),
        DiagnosticPage(
            "E0204",
            "wrong type",
            "Values are typed by the option that they are for: a text option takes no as text, a "
                + "flag takes\ntrue or false (or on and off), sizes are 512, 64KiB or 20GiB, "
                + "durations 250ms, 2s or 5m."
        ),
        DiagnosticPage(
            "E0205",
            "out of range",
            "The value has the right type and is too small or too large."
        ),
        DiagnosticPage(
            "E0206",
            "unknown word",
            "The option takes one of a few words, and this is none of them."
        ),
        DiagnosticPage(
            "E0207",
            "spelling of a name",
            "A name is a letter, then letters, digits, -, _ and ., at most 127 bytes."
        ),
        DiagnosticPage(
            "E0208",
            "options that do not go together",
            "Each option is right by itself, and together they contradict each other."
        ),
        DiagnosticPage(
            "W0208",
            "names that look alike",
            "Two names show the same letters and are not the same: one has letters of another script, "
                + "such as\na Cyrillic a in place of a Latin one. Nobody can tell them apart by "
                + "reading; rename one of them."
        ),
        DiagnosticPage("E0209", "too many nodes", "A configuration has at most 1,000,000 nodes."),
    ]

    private static let namePages = [
        DiagnosticPage(
            "E0301",
            "declared twice",
            "Two places declare an object of one name. An inline child is named after its parent "
                + "and its\nslot, parent.file, and may collide with a written name. Nothing of "
                + "either file changes."
        ),
        DiagnosticPage(
            "E0302",
            "reference to nothing",
            "The name is declared by no file of this configuration."
        ),
        DiagnosticPage(
            "E0303",
            "one public name, two exports",
            "Clients of a listener ask for an export by its name, so it must be the only one there."
        ),
        DiagnosticPage(
            "E0304",
            "one address, two listeners",
            "Only one listener can have an address."
        ),
        DiagnosticPage(
            "E0305",
            "cycle",
            "Following this reference leads back to where it starts. A node cannot lie below "
                + "itself.\nA cycle is reported once, at its first reference in the files."
        ),
        DiagnosticPage(
            "E0306",
            "formerly",
            "formerly: NAME says that a node was called NAME, so that it goes on under its new "
                + "name instead of\nbeing opened anew. NAME must not be declared any more, and only "
                + "one node can have been it."
        ),
        DiagnosticPage(
            "E0307",
            "which listener",
            "An export says which listener it is reached by; it may be left out when there is just "
                + "one."
        ),
    ]

    private static let graphPages = [
        DiagnosticPage(
            "E0412",
            "permission conflict",
            "Every user of a node says what it does with it and what it lets others do at the same "
                + "time:\nR consistent-read, W write, U write-unchanged, S resize. Here one wants "
                + "what another does not\nshare. Formats such as qcow2 own their file; exports "
                + "share everything but resize.\nLet one of them use another node, make it "
                + "read-only, or list the permission under share."
        ),
        DiagnosticPage(
            "E0413",
            "a read-only node and a writer",
            "Somebody writes to a node that is read-only, perhaps through other nodes. Make the "
                + "export\nread-only (writable: false), the user read-only, or the node writable."
        ),
        DiagnosticPage(
            "E0414",
            "size and alignment",
            "A node that may be written but not resized must have a size that is a multiple of its "
                + "request\nalignment; otherwise its last bytes could not be written."
        ),
        DiagnosticPage(
            "E0601",
            "protected",
            "The live object says protect: true, and the configuration has no such object any more. "
                + "\nAllow its removal by name: --allow-remove NAME."
        ),
        DiagnosticPage(
            "E0701",
            "no source",
            "There is no configuration at this path, or nobody to ask what is live. What is live "
                + "stays live:\na lost source is never an empty configuration."
        ),
        DiagnosticPage(
            "E0703",
            "unreadable source",
            "A file of the configuration cannot be read, so the whole is not known, and nothing "
                + "changes."
        ),
    ]
}
