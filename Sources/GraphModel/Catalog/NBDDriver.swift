extension DriverSpecification {
    /// A client of an NBD server.
    package static let nbd = DriverSpecification(
        "nbd",
        "A disk that an NBD server serves.",
        options: [
            OptionSpecification(
                "server",
                .variant(
                    key: "type",
                    cases: [
                        OptionVariant(
                            "unix",
                            [OptionSpecification("path", .text, isRequired: true, "The socket.")]
                        ),
                        OptionVariant(
                            "inet",
                            [
                                OptionSpecification("host", .text, isRequired: true, "The host."),
                                OptionSpecification(
                                    "port",
                                    .integer(1...65_535),
                                    default: .integer(10_809),
                                    "The port."
                                ),
                            ]
                        ),
                    ]
                ),
                isRequired: true,
                "Where the server is."
            ),
            OptionSpecification(
                "export",
                .text,
                default: .text(""),
                "Name of the server's export."
            ),
            OptionSpecification(
                "tls",
                .mapping([
                    OptionSpecification("ca", .text, "Who signs the server's certificate, a file."),
                    OptionSpecification("certificate", .text, "Own certificate, a file."),
                    OptionSpecification("key", .text, "Its key, a file."),
                    OptionSpecification("hostname", .text, "Name that the certificate must bear."),
                ]),
                "Encrypt."
            ),
            OptionSpecification(
                "reconnect-delay",
                .time,
                default: .integer(0),
                change: .live,
                "How long requests wait for a lost server to come back."
            ),
            OptionSpecification(
                "open-timeout",
                .time,
                default: .integer(0),
                "How long opening keeps trying."
            ),
        ],
        canReopen: false
    )
}
