extension DiagnosticPage {
    /// About options and their values.
    static let schemaPages = [
        DiagnosticPage(
            "E0201",
            "unknown field",
            """
            The key is not one that this object has. Keys that begin with x- are free for notes.
            All fields of a driver: sluice drivers NAME. Editors offer them with sluice schema.
            """
        ),
        DiagnosticPage(
            "E0202",
            "missing field",
            """
            The object cannot be made without this option or child. Its reference (sluice drivers
            NAME) shows the shortest node that says all it has to.
            """
        ),
        DiagnosticPage(
            "E0203",
            "unknown driver",
            """
            No driver has this name. All drivers: sluice drivers.
            """
        ),
        DiagnosticPage(
            "E0204",
            "wrong type",
            """
            Values are typed by the option that they are for: a text option takes no as text, a
            flag takes true or false (or on and off), sizes are 512, 64KiB or 20GiB, durations
            250ms, 2s or 5m.
            """
        ),
        DiagnosticPage(
            "E0205",
            "out of range",
            """
            The value has the right type and is too small, too large or too long. The message
            names the limit.
            """
        ),
        DiagnosticPage(
            "E0206",
            "unknown word",
            """
            The option takes one of a few words, and this is none of them.
            """
        ),
        DiagnosticPage(
            "E0207",
            "spelling of a name",
            """
            A name is a letter, then letters, digits, -, _ and ., at most 127 bytes. Two names
            must also not look the same while their characters differ: an accent can be a
            character of its own.
            """
        ),
        DiagnosticPage(
            "E0208",
            "options that do not go together",
            """
            Each option is right by itself, and together they contradict each other. The message
            says which of them to change.
            """
        ),
        DiagnosticPage(
            "E0209",
            "too many nodes",
            """
            A configuration has at most 1,000,000 nodes.
            """
        ),
        DiagnosticPage(
            "W0204",
            "quotes that are none",
            """
            A text begins with a quote that word processors and pages use. YAML knows only " and ';
            every other quote is a letter of the text, of a file's name for instance.
            """
        ),
        DiagnosticPage(
            "W0208",
            "a name that looks like another",
            """
            Two names differ only by letters of different scripts that look alike, such as Latin
            and Cyrillic a. Both are taken; one of them is probably a slip of a keyboard.
            """
        ),
    ]
}
