package import BlockGraph

/// `file`: the bytes of a regular file.
///
/// - Note: A read behind the end of a file that somebody cut off fails with `EIO`; the node's
///   size is what the file had when it was opened.
package struct FileDriverKind: BlockDriverKind {
    package let name = "file"
    private let locks: FileLocks

    /// The kind; all nodes that one kind opens know of each other's files.
    package init() { locks = FileLocks() }

    package func open(_ opening: DriverOpening) throws(GraphError) -> NodeOpening {
        let settings = try FileSettings(opening)
        let creation = try FileCreation.make(settings)
        do throws(GraphError) {
            let node = try OpenFile(settings: settings, masks: opening.masks, locks: locks)
            return NodeOpening(node: node, creation: creation)
        } catch {
            creation?.abort()
            throw error
        }
    }
}
