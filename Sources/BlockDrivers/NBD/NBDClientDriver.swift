internal import BlockGraph
internal import RingLoop

/// One loop's view of an `nbd` node: a connection of its own, which outlives the view when the
/// kernel still holds its memory.
///
/// A drain waits for the server as every request does: what is sent cannot be taken back, and what
/// waits for a lost server may still be served. The plan's deadline bounds it; a shorter
/// `reconnect-delay`, which needs no drain, ends the wait.
final class NBDClientDriver: BlockDriver {
    private let link: NBDLink
    private let place: NBDViewPlace

    init(node: OpenNBDClient, loop: EventLoop) {
        link = NBDLink(node: node, loop: loop)
        place = NBDViewPlace(link)
        node.add(place)
    }

    deinit {
        link.node.remove(place, hasWritten: link.hasWritten)
        link.abandon()
    }

    var movesPages: Bool { false }

    func submit(_ request: BlockRequest) -> BlockStatus { link.submit(request) }

    func optionsChanged() {
        link.rules = link.node.currentSettings.rules
        link.delayChanged()
    }
}
