extension Catalog {
    /// Keys of the six limits.
    package static let throttleLimits = [
        "iops-total", "iops-read", "iops-write", "bps-total", "bps-read", "bps-write",
    ]
    /// Greatest rate, in operations or bytes per second; QEMU's.
    package static let throttleRateMax: Int64 = 1_000_000_000_000_000
    /// How long a burst lasts when nothing is said, in nanoseconds: a second.
    static let throttleBurstNanoseconds: Int64 = 1_000_000_000
    /// Longest burst, in nanoseconds: a day.
    package static let throttleBurstNanosecondsMax: Int64 = 86_400_000_000_000

    /// Options of a throttle group.
    package static let throttleGroupOptions: [OptionSpecification] =
        throttleLimits.flatMap { key -> [OptionSpecification] in
            let isBytes = key.hasPrefix("bps")
            let rate =
                isBytes ? OptionKind.size(0...throttleRateMax) : .integer(0...throttleRateMax)
            let what = isBytes ? "Bytes" : "Operations"
            return [
                OptionSpecification(
                    key,
                    rate,
                    default: .integer(0),
                    change: .live,
                    "\(what) per second; 0 for no limit."
                ),
                OptionSpecification(
                    key + "-max",
                    rate,
                    default: .integer(0),
                    change: .live,
                    "\(what) per second in a burst."
                ),
                OptionSpecification(
                    key + "-max-length",
                    .duration(1_000_000...throttleBurstNanosecondsMax),
                    default: .integer(throttleBurstNanoseconds),
                    change: .live,
                    "How long a burst may last."
                ),
            ]
        } + [
            OptionSpecification(
                "iops-size",
                .bytes,
                default: .integer(0),
                change: .live,
                "Bytes that count as one operation; 0: each request is one."
            )
        ]

    /// Faults between limits, as QEMU sees them.
    package static func check(_ group: ThrottleGroupDescription) -> [OptionFault] {
        var faults: [OptionFault] = []
        let limits = group.limits
        for unit in ["iops", "bps"] {
            for suffix in ["", "-max"] {
                let total = "\(unit)-total\(suffix)"
                guard limits.integer(total) ?? 0 > 0 else { continue }
                for part in ["read", "write"] {
                    let key = "\(unit)-\(part)\(suffix)"
                    guard limits.integer(key) ?? 0 > 0 else { continue }
                    faults.append(
                        OptionFault(
                            key,
                            "\(key) cannot be set together with \(total)",
                            help: "limit either the total, or reads and writes"
                        )
                    )
                }
            }
        }
        for key in throttleLimits {
            let average = limits.integer(key) ?? 0
            let burst = limits.integer(key + "-max") ?? 0
            if burst > 0, average == 0 {
                faults.append(
                    OptionFault(
                        key + "-max",
                        "\(key)-max needs \(key)",
                        help: "set \(key) as well"
                    )
                )
            } else if burst > 0, burst < average {
                faults.append(
                    OptionFault(
                        key + "-max",
                        "\(key)-max (\(burst)) is lower than \(key) (\(average))",
                        help: "a burst is at least as fast as the average"
                    )
                )
            } else if burst == 0, limits.integer(key + "-max-length") != throttleBurstNanoseconds {
                faults.append(
                    OptionFault(
                        key + "-max-length",
                        "\(key)-max-length needs \(key)-max: without it there is no burst",
                        help: "set \(key)-max as well, or take \(key)-max-length out"
                    )
                )
            }
        }
        let operations = ["iops-total", "iops-read", "iops-write"]
        if limits.integer("iops-size") ?? 0 > 0,
            operations.allSatisfy({ limits.integer($0) ?? 0 == 0 })
        {
            faults.append(
                OptionFault(
                    "iops-size",
                    "iops-size needs a limit of operations",
                    help: "set iops-total, iops-read or iops-write"
                )
            )
        }
        return faults
    }
}
