extension DriverSpecification {
    /// A disk that keeps nothing.
    package static let nullCo = DriverSpecification(
        "null-co",
        "Answers at once and keeps nothing; for measurements and tests.",
        options: [
            OptionSpecification(
                "size",
                .bytes,
                default: .integer(1 << 30),
                "Size of the disk."
            ),
            OptionSpecification(
                "read-zeroes",
                .flag,
                default: .flag(true),
                "Whether reads give zeroes."
            ),
            OptionSpecification(
                "latency",
                .time,
                default: .integer(0),
                change: .live,
                "How long each request takes."
            ),
        ],
        size: { node, _ in node.options.integer("size") }
    )
}
