extension DiagnosticPage {
    /// About the text itself.
    static let textPages = [
        DiagnosticPage(
            "E0100",
            "not YAML",
            """
            The text cannot be parsed, so nothing after this place is known. Often a bracket, a
            quote, or a colon with a space after it is missing just before the place. Text with a
            colon and a space, or a # after a space, has to stand in quotes.
            """
        ),
        DiagnosticPage(
            "E0101",
            "encoding",
            """
            Files are UTF-8. Save the file as UTF-8; a byte order mark is harmless.
            """
        ),
        DiagnosticPage(
            "E0102",
            "tab used for indentation",
            """
            YAML is indented with spaces only. A tab inside a text or behind a value is fine.

              sluice fmt --tabs 2 FILE    writes two spaces for each tab
            """
        ),
        DiagnosticPage(
            "E0103",
            "key",
            """
            A mapping has each key once, and a key is a text. Readers that accept a key twice keep
            one of the two without saying which, so it is refused here. Delete one, or rename it.
            """
        ),
        DiagnosticPage(
            "E0104",
            "file too large",
            """
            A file has at most 1 MiB. Split it: all files of a directory are one configuration.
            """
        ),
        DiagnosticPage(
            "E0105",
            "too many values",
            """
            A file has at most 100,000 values, aliases counted with all that they stand for. They
            are counted and not expanded, so a small file cannot stand for a huge one. An alias
            may also not stand inside the value that it names. Split the file, or use fewer
            aliases.
            """
        ),
        DiagnosticPage(
            "E0106",
            "nested too deeply",
            """
            Mappings and lists are nested at most 32 levels. Give inner nodes names of their own
            under nodes, and refer to them.
            """
        ),
        DiagnosticPage(
            "E0107",
            "hidden character",
            """
            NUL, line ends that editors do not show (U+0085, U+2028, U+2029) and characters that
            turn the direction of text are refused: with them a file says something else than it
            shows. Delete it. Spaces that are none to YAML (U+00A0 comes with text that is copied from
            a page) are letters: they are told of where a key or a value is wrong for one, and are
            free in texts, comments and notes. Type a plain space in their place.
            """
        ),
        DiagnosticPage(
            "E0108",
            "empty file",
            """
            A file without any content declares nothing, and may be half of a save. To declare
            nothing on purpose, write sluice: 1.
            """
        ),
        DiagnosticPage(
            "E0109",
            "unknown anchor",
            """
            An alias *name stands for what &name marks, earlier in the same document. Anchors of
            other documents and files are not known.
            """
        ),
        DiagnosticPage(
            "E0110",
            "format version",
            """
            Every document begins with sluice: 1, so that a later version can read it rightly.
            After --- a new document begins, and says so again.
            """
        ),
        DiagnosticPage(
            "E0111",
            "merge key",
            """
            << merges a mapping, or a list of mappings. Keys written beside it win; two merged
            mappings must not disagree.

              x-common: &common {driver: null-co, size: 1MiB}
              nodes:
                a: {<<: *common}
            """
        ),
        DiagnosticPage(
            "E0112",
            "tag",
            """
            A tag such as !!str changes how a value is read. The options here say what their
            values are, so tags of the core schema may stand before values that they fit, and
            others mean nothing. Delete it.
            """
        ),
        DiagnosticPage(
            "E0113",
            "not formatted",
            """
            sluice fmt leaves a file as it is when its layout is one that it cannot keep the
            meaning of: keys written with a question mark, or text beside the marker of a
            document. Write the place in the usual way and format again. The file itself is fine
            for all other commands.
            """
        ),
    ]
}
