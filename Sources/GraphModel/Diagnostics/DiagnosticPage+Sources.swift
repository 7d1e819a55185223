extension DiagnosticPage {
    /// About sources and transactions.
    static let sourcePages = [
        DiagnosticPage(
            "E0701",
            "no source",
            """
            There is no configuration at this path, or nobody to ask what is live. What is live
            stays live: a lost source is never an empty configuration. Is the daemon running?
            systemctl status sluiced. Without one: sluice plan PATH --live empty.
            """
        ),
        DiagnosticPage(
            "E0702",
            "unreadable dump or plan",
            """
            A file that was given as what is live is no dump that this version can read; sluice
            show -o json writes one. Or a file that was given as a saved plan is none, or was
            altered after it was saved; sluice plan PATH --out FILE writes one.
            """
        ),
        DiagnosticPage(
            "E0703",
            "unreadable source",
            """
            A file of the configuration cannot be read, so the whole is not known, and nothing
            changes.
            """
        ),
        DiagnosticPage(
            "W0703",
            "no regular file",
            """
            Something in a directory of the configuration has the name of a file, such as *.yaml,
            and is a FIFO, a socket, a device or a directory. It is passed over; the other files
            are the whole configuration.
            """
        ),
        DiagnosticPage(
            "E0704",
            "stale plan",
            """
            Something that the saved plan depends on has changed since it was made, so it would not
            do what it said. Plan again and look at it: sluice plan PATH --out FILE.
            """
        ),
        DiagnosticPage(
            "E0801",
            "drain took too long",
            """
            Requests of an export did not finish before the deadline, or a node could not write or
            read by then what it must before the switch, so nothing was switched and everything was
            undone. A stuck disk or server below is the usual reason. Try again, or allow more time
            with --drain-timeout.
            """
        ),
        DiagnosticPage(
            "E0802",
            "abandoned",
            """
            The transaction was prepared and then given up before the switch, because newer files
            came or the caller went away. Nothing changed.
            """
        ),
        DiagnosticPage(
            "E0803",
            "verification failed",
            """
            After the switch, the live graph was not exactly the wished one. This is a fault of
            sluice: keep sluice show -o json and sluice status, and report it.
            """
        ),
        DiagnosticPage(
            "E0804",
            "ending",
            """
            The daemon is ending, and takes no more changes.
            """
        ),
        DiagnosticPage(
            "E0810",
            "state cannot be written",
            """
            The state directory cannot be written, so a change could not survive a crash, and is
            not made. Look at its space and permissions (--state-dir).
            """
        ),
    ]
}
