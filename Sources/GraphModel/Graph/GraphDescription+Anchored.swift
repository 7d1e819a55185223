extension GraphDescription {
    /// The same graph with relative paths of files and sockets made absolute.
    ///
    /// What is live, saved or compared with it has no directory of its own: two configurations
    /// that name the same relative path from different directories mean different files.
    ///
    /// - Parameters:
    ///   - directory: Absolute directory that relative paths start from.
    ///   - known: Nodes of which those that say the same are taken, so that nothing is kept twice
    ///     and comparing them later is free.
    /// - Returns: The graph without relative paths.
    package func anchored(
        at directory: String,
        sharing known: [String: NodeDescription] = [:]
    ) -> GraphDescription {
        var graph = self
        for (name, node) in nodes {
            guard let path = node.options.text("filename"), !path.hasPrefix("/") else { continue }
            var node = node
            node.options["filename"] = .text(Self.join(directory, path))
            graph.nodes[name] = known[name].flatMap { $0 == node ? $0 : nil } ?? node
        }
        let scheme = "unix:"
        for (name, listener) in listeners {
            guard let address = listener.options.text("address"), address.hasPrefix(scheme),
                !address.hasPrefix(scheme + "/")
            else { continue }
            let path = Self.join(directory, String(address.dropFirst(scheme.count)))
            graph.listeners[name]?.options["address"] = .text(scheme + path)
        }
        return graph
    }

    private static func join(_ directory: String, _ path: String) -> String {
        var rest = Substring(path)
        while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
        return directory.hasSuffix("/") ? directory + rest : directory + "/" + rest
    }
}
