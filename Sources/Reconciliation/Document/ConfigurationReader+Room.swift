import GraphModel

extension ConfigurationReader {
    /// Bytes that a node takes in a file, about; a guess costs at most a little memory.
    private static let nodeBytes = 96

    /// Makes room for what so many bytes will declare, about.
    mutating func expect(bytes: Int) {
        let nodes = min(bytes / Self.nodeBytes, limits.nodesMax)
        if description.nodes.isEmpty {
            description.nodes.reserveCapacity(nodes)
            description.exports.reserveCapacity(nodes / 4)
        }
        // A quarter more for what is no node, and an export refers to a node and a listener.
        let objects = nodes + nodes / 4
        numbered.reserve(nodes, exports: nodes / 4)
        words.reserve(objects)
        marks.reserve(objects: objects, values: 4 * nodes)
        names.reserve(references: 2 * nodes)
        declared.reserveCapacity(objects)
        nodeWords.reserveCapacity(nodes)
        childNames.reserveCapacity(nodes)
        exports.reserveCapacity(nodes / 4)
    }
}
