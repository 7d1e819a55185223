internal import GraphModel

extension EdgeMasks {
    /// Whether users with these masks write or resize.
    var includeWriting: Bool { !used.isDisjoint(with: [.write, .writeUnchanged, .resize]) }
}
