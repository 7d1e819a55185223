import GraphModel
import Reconciliation

/// Random numbers that a failing test can repeat: SplitMix64.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// A random configuration without a fault in its documents, which may be written down in many ways.
struct RandomConfiguration {
    /// An object: section, name, and its values by key.
    struct Object {
        let section: String
        let name: String
        var values: [(key: String, value: String)]
    }

    private(set) var objects: [Object] = []

    /// Makes one of a few nodes; two of near seeds have most names in common.
    init(using numbers: inout SeededNumbers) {
        func flip() -> Bool { Bool.random(using: &numbers) }
        objects.append(
            Object(
                section: "listeners",
                name: "l",
                values: [("type", "nbd"), ("address", flip() ? "unix:s" : "unix:t")]
            )
        )
        objects.append(
            Object(
                section: "throttle-groups",
                name: "g",
                values: [("iops-total", String(Int.random(in: 1...3, using: &numbers)))]
            )
        )
        if flip() { objects.append(Object(section: "iothreads", name: "io", values: [])) }
        let hasThread = objects.last?.name == "io"
        var nodes: [String] = []
        for place in 0..<Int.random(in: 1...7, using: &numbers) {
            // Skipped names make additions and removals.
            if flip(), flip(), place > 0 { continue }
            let name = "n\(place)"
            var values = Self.node(below: nodes, &numbers)
            if flip(), flip() { values.append(("protect", "true")) }
            if hasThread, flip(), flip() { values.append(("iothread", "io")) }
            objects.append(Object(section: "nodes", name: name, values: values))
            nodes.append(name)
        }
        for place in 0..<Int.random(in: 0...3, using: &numbers) {
            guard let node = nodes.randomElement(using: &numbers) else { break }
            var values = [("type", "nbd"), ("node", node)]
            if flip() { values.append(("writable", "true")) }
            if flip(), flip() { values.append(("description", "d\(place)")) }
            objects.append(Object(section: "exports", name: "e\(place)", values: values))
        }
    }

    private static func node(
        below nodes: [String],
        _ numbers: inout SeededNumbers
    ) -> [(key: String, value: String)] {
        let image = String(Int.random(in: 0...2, using: &numbers))
        guard let child = nodes.randomElement(using: &numbers) else {
            return [("driver", "file"), ("filename", "/\(image).raw")]
        }
        switch Int.random(in: 0...6, using: &numbers) {
        case 0: return [("driver", "null-co"), ("size", "\(image)MiB")]
        case 1: return [("driver", "file"), ("filename", "/\(image).raw")]
        case 2: return [("driver", "raw"), ("file", child)]
        case 3: return [("driver", "throttle"), ("file", child), ("throttle-group", "g")]
        case 4:
            return [
                ("driver", "qcow2"), ("read-only", "true"), ("file", child), ("backing", "null"),
            ]
        case 5:
            let inline = "{driver: file, filename: /o\(image)}"
            return [("driver", "qcow2"), ("file", inline), ("backing", child)]
        default: return [("driver", "copy-on-read"), ("file", child)]
        }
    }

    /// The configuration written into some files, everything in a random order.
    func texts(using numbers: inout SeededNumbers) -> [ConfigurationText] {
        let count = Int.random(in: 1...3, using: &numbers)
        var files = [[Object]](repeating: [], count: count)
        for object in objects.shuffled(using: &numbers) {
            files[Int.random(in: 0..<count, using: &numbers)].append(object)
        }
        return files.enumerated().map { place, objects in
            var text = "sluice: 1\n"
            for section in Set(objects.map(\.section)).shuffled(using: &numbers) {
                text += "\(section):\n"
                for object in objects where object.section == section {
                    let values = object.values.shuffled(using: &numbers)
                        .map { "\($0.key): \($0.value)" }.joined(separator: ", ")
                    text += "  \(object.name): {\(values)}\n"
                }
            }
            return ConfigurationText(path: "\(place).yaml", bytes: Array(text.utf8))
        }
    }

    /// The graph; conflicts of permissions do not matter to a difference.
    func graph(using numbers: inout SeededNumbers) -> GraphDescription {
        Configuration(texts: texts(using: &numbers)).description
    }
}
