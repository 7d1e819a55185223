extension DriverSpecification {
    /// A filter that limits rates.
    package static let throttle = DriverSpecification(
        "throttle",
        "Holds requests back to the limits of a throttle group.",
        slots: [ChildSlot("file", .filter, .required, "What is limited.")],
        options: [
            OptionSpecification(
                "throttle-group",
                .reference(.throttleGroup),
                isRequired: true,
                change: .live,
                "Whose limits."
            )
        ],
        passesThrough: { _ in true }
    )

    /// A filter that compresses what is written.
    package static let compress = DriverSpecification(
        "compress",
        "Has what is written compressed by the format below.",
        slots: [ChildSlot("file", .filter, .required, "What is written to.")],
        passesThrough: { _ in true }
    )

    /// A filter that grows files early.
    package static let preallocate = DriverSpecification(
        "preallocate",
        "Grows the file below in large steps.",
        slots: [ChildSlot("file", .filter, .required, "What grows.")],
        options: [
            OptionSpecification(
                "prealloc-size",
                .size(1...Int64.max),
                default: .integer(128 << 20),
                "Size of a step."
            ),
            OptionSpecification(
                "prealloc-align",
                .size(1...(1 << 40)),
                default: .integer(1 << 20),
                "Where steps end."
            ),
        ]
    )
}
