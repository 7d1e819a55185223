/// Names in one order, whatever order they came in, and each one's place in it.
///
/// The first sixteen bytes are compared as two numbers, which tells most names apart without
/// looking at their texts.
package struct NameOrder: Sendable {
    private struct Key {
        let high: UInt64
        let low: UInt64
        let place: Int32

        init(_ name: String, place: Int32) {
            var (high, low): (UInt64, UInt64) = (0, 0)
            let bytes = name.utf8Span.span
            for place in 0..<min(8, bytes.count) {
                high |= UInt64(bytes[place]) << UInt64(56 - 8 * place)
            }
            for place in 8..<min(16, max(8, bytes.count)) {
                low |= UInt64(bytes[place]) << UInt64(120 - 8 * place)
            }
            (self.high, self.low, self.place) = (high, low, place)
        }

        /// Whether the key is less, by its bytes alone; `nil` when these are the same.
        func precedes(_ other: Key) -> Bool? {
            if high != other.high { return high < other.high }
            return low == other.low ? nil : low < other.low
        }
    }

    /// Names in order.
    package let names: [String]
    /// For each name in order, its place among those that were given.
    package let places: [Int32]

    /// Orders names; none is there twice.
    package init(_ given: [String]) {
        var keys: [Key] = []
        keys.reserveCapacity(given.count)
        for (place, name) in given.enumerated() { keys.append(Key(name, place: Int32(place))) }
        keys.sort { left, right in
            left.precedes(right) ?? (given[Int(left.place)] < given[Int(right.place)])
        }
        names = keys.map { given[Int($0.place)] }
        places = keys.map(\.place)
    }

    /// For each name in order, its number in another order; -1 for one that is not there.
    ///
    /// - Complexity: O(names of both).
    package func numbers(in other: NameOrder) -> [Int32] {
        var found = [Int32](repeating: -1, count: names.count)
        var next = 0
        for (number, name) in names.enumerated() {
            while next < other.names.count, other.names[next] != name,
                Self.isLess(other.names[next], name)
            {
                next += 1
            }
            guard next < other.names.count, other.names[next] == name else { continue }
            found[number] = Int32(next)
            next += 1
        }
        return found
    }

    private static func isLess(_ left: String, _ right: String) -> Bool {
        Key(left, place: 0).precedes(Key(right, place: 0)) ?? (left < right)
    }

    /// A name's number in order; `nil` when it is not there.
    ///
    /// - Complexity: O(log n).
    package func number(of name: String) -> Int? {
        let wanted = Key(name, place: 0)
        var (low, high) = (0, names.count)
        while low < high {
            let middle = (low + high) / 2
            let key = Key(names[middle], place: 0)
            if key.precedes(wanted) ?? (names[middle] < name) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low < names.count && names[low] == name ? low : nil
    }
}
