extension DriverSpecification {
    /// QEMU's image format.
    package static let qcow2 = DriverSpecification(
        "qcow2",
        "QEMU's image format: sparse, with backing images.",
        slots: [
            ChildSlot("file", .image, .required, "The image."),
            ChildSlot(
                "backing",
                .backing,
                .optional,
                "What shows where the image has nothing; null for none."
            ),
            ChildSlot("data-file", .data, .optional, "Guest data kept outside the image."),
        ],
        options: [
            OptionSpecification(
                "create",
                .mapping(qcow2Creation),
                change: .live,
                isSilent: true,
                "Make the image when the file is empty or does not exist."
            ),
            OptionSpecification(
                "size",
                .bytes,
                change: .reopen,
                grows: true,
                "Size of the disk at least: a shorter one grows to it, and none shrinks."
            ),
            OptionSpecification(
                "lazy-refcounts",
                .flag,
                "Write reference counts late; overrides the image."
            ),
            OptionSpecification(
                "l2-cache-size",
                .bytes,
                change: .live,
                "Memory for mapping tables."
            ),
            OptionSpecification(
                "refcount-cache-size",
                .bytes,
                change: .live,
                "Memory for reference counts."
            ),
            OptionSpecification(
                "cache-clean-interval",
                .time,
                change: .live,
                "Drop tables not used for so long."
            ),
        ],
        roleRule: { slot, node in
            slot.name == "file" && node.child("data-file") != nil
                ? [.metadata, .primary] : slot.role
        },
        check: checkQcow2
    )

    private static let qcow2Creation: [OptionSpecification] = [
        OptionSpecification("size", .bytes, isRequired: true, "Size of the disk."),
        OptionSpecification(
            "cluster-size",
            .size(512...(2 << 20)),
            default: .integer(64 << 10),
            "Unit of allocation."
        ),
        OptionSpecification(
            "compat",
            .choice(["v2", "v3", "0.10", "1.1"]),
            default: .text("v3"),
            "Version of the format."
        ),
        OptionSpecification(
            "preallocation",
            .choice(["off", "metadata", "falloc", "full"]),
            default: .text("off"),
            "Whether space is taken at once."
        ),
        OptionSpecification(
            "lazy-refcounts",
            .flag,
            default: .flag(false),
            "Write reference counts late."
        ),
        OptionSpecification(
            "extended-l2",
            .flag,
            default: .flag(false),
            "Allocate in parts of a cluster."
        ),
        OptionSpecification(
            "compression-type",
            .choice(["zlib", "zstd"]),
            default: .text("zlib"),
            "How compressed clusters are packed."
        ),
    ]
}
