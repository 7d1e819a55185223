extension GraphDescription {
    /// The same graph with relative paths of files and sockets made absolute.
    ///
    /// What is live, saved or compared with it has no directory of its own: two configurations
    /// that name the same relative path from different directories mean different files.
    ///
    /// - Parameter directory: Absolute directory that relative paths start from.
    /// - Returns: The graph without relative paths.
    package func anchored(at directory: String) -> GraphDescription {
        var graph = self
        for (name, node) in nodes {
            if let node = node.anchored(at: directory) { graph.nodes[name] = node }
        }
        for (name, listener) in listeners {
            if let listener = listener.anchored(at: directory) { graph.listeners[name] = listener }
        }
        return graph
    }
}

extension NodeDescription {
    /// The same node with its file's path made absolute; `nil` when it has no relative one.
    package func anchored(at directory: String) -> NodeDescription? {
        guard let path = options.text("filename"), !path.hasPrefix("/") else { return nil }
        var node = self
        node.options["filename"] = .text(AnchoredPath.join(directory, path))
        return node
    }
}

extension ListenerDescription {
    /// The same listener with its socket's path made absolute; `nil` when it has no relative one.
    package func anchored(at directory: String) -> ListenerDescription? {
        let scheme = "unix:"
        guard let address = options.text("address"), address.hasPrefix(scheme),
            !address.hasPrefix(scheme + "/")
        else { return nil }
        var listener = self
        let path = AnchoredPath.join(directory, String(address.dropFirst(scheme.count)))
        listener.options["address"] = .text(scheme + path)
        return listener
    }
}

private enum AnchoredPath {
    static func join(_ directory: String, _ path: String) -> String {
        var rest = Substring(path)
        while rest.hasPrefix("./") { rest = rest.dropFirst(2) }
        return directory.hasSuffix("/") ? directory + rest : directory + "/" + rest
    }
}
