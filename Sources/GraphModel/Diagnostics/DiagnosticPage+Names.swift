extension DiagnosticPage {
    /// About names and what refers to them.
    static let namePages = [
        DiagnosticPage(
            "E0301",
            "declared twice",
            """
            Two places declare an object of one name. An inline child is named after its parent
            and its slot, parent.file, and may collide with a written name. Nothing of either file
            changes: rename or delete one of the two.
            """
        ),
        DiagnosticPage(
            "E0302",
            "reference to nothing",
            """
            The name is declared by no file of this configuration. Check its spelling, or whether
            the file that declares it was left out: all files of one configuration are given
            together.
            """
        ),
        DiagnosticPage(
            "E0303",
            "one public name, two exports",
            """
            Clients of a listener ask for an export by its name, so it must be the only one there.
            Give one of them another name, or another listener.
            """
        ),
        DiagnosticPage(
            "E0304",
            "one address, two listeners",
            """
            Only one listener can have an address.
            """
        ),
        DiagnosticPage(
            "E0305",
            "cycle",
            """
            Following this reference leads back to where it starts. A node cannot lie below
            itself. A cycle is reported once, at its first reference in the files.
            """
        ),
        DiagnosticPage(
            "E0306",
            "formerly",
            """
            formerly: NAME says that a node was called NAME, so that it goes on under its new name
            instead of being opened anew. NAME must not be declared any more, and only one node
            can have been it.
            """
        ),
        DiagnosticPage(
            "E0307",
            "which listener",
            """
            An export says which listener it is reached by; it may be left out when there is just
            one.
            """
        ),
        DiagnosticPage(
            "W0306",
            "formerly that is done",
            """
            The node is live under its new name already, so formerly says nothing any more. Take
            the line out when all hosts have the change.
            """
        ),
        DiagnosticPage(
            "W0307",
            "perhaps a rename",
            """
            A new node shows the same image as one that goes. If it is the same node under a new
            name, say so with formerly: it then goes on without being opened anew.
            """
        ),
    ]
}
