internal import GraphModel

extension Options {
    /// The fraction of a key; a whole number counts as one.
    func fraction(_ key: String) -> Double? {
        switch self[key] {
        case .fraction(let value): value
        case .integer(let value): Double(value)
        default: nil
        }
    }
}
