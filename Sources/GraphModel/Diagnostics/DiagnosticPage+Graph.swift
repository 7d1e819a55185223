extension DiagnosticPage {
    /// About the graph as a whole.
    static let graphPages = [
        DiagnosticPage(
            "E0412",
            "permission conflict",
            """
            Every user of a node says what it does with it and what it lets others do at the same
            time: R consistent-read, W write, U write-unchanged, S resize. Here one wants what
            another does not share. Formats such as qcow2 own their file; exports share everything
            but resize. Let one of them use another node, make it read-only (writable: false), or
            list the permission under share when the clients of both coordinate.

              sluice graph PATH --around NODE    draws who uses the node, with all masks
            """
        ),
        DiagnosticPage(
            "E0413",
            "a read-only node and a writer",
            """
            Somebody writes to a node that is read-only, perhaps through other nodes. Make the
            export read-only (writable: false), the user read-only, or the node writable.
            """
        ),
        DiagnosticPage(
            "E0414",
            "size and alignment",
            """
            A node that may be written but not resized must have a size that is a multiple of its
            request alignment; otherwise its last bytes could not be written. Choose another size,
            or a smaller align.
            """
        ),
    ]
}
