extension DiagnosticPage {
    /// About the host: files, devices, sockets.
    static let hostPages = [
        DiagnosticPage(
            "E0501",
            "cannot be opened",
            """
            A node's file, device or server could not be opened, or is not what the node says it
            is. The message gives the system's own words. The files are right as far as they can
            be judged; look at the host, then: sluice retry.
            """
        ),
        DiagnosticPage(
            "E0502",
            "driver without code",
            """
            The driver is known, so that files which use it can be checked and planned with, and
            this version cannot open it.
            """
        ),
        DiagnosticPage(
            "E0503",
            "cannot be written",
            """
            A file or device is there and may not be written: a read-only file system, missing
            permissions, or a unit that protects the system. Allow writing, or say read-only:
            true. Under systemd, ProtectSystem=strict needs ReadWritePaths= for the images'
            directory.
            """
        ),
        DiagnosticPage(
            "E0504",
            "locked",
            """
            Another program holds the image in a way that does not go together with this use. End
            it there, or use the image read-only. locking: off takes the protection away and risks
            the data.
            """
        ),
        DiagnosticPage(
            "E0505",
            "size or alignment does not fit",
            """
            An image is smaller than what the node asks for, or its size or alignment does not fit
            its use. The message has the numbers.
            """
        ),
        DiagnosticPage(
            "E0507",
            "no space",
            """
            The file system cannot hold what has to be made. Free some space, or ask for less
            (preallocation: off takes none at once), then: sluice retry.
            """
        ),
        DiagnosticPage(
            "E0521",
            "address",
            """
            A listener's address cannot be used: another program has it, its directory is missing,
            or the port is reserved. ss -ltnx shows who listens where.
            """
        ),
    ]
}
