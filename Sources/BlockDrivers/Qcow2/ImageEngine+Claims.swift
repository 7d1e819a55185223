internal import BlockGraph

/// Guest clusters that are on their way to a new place.
///
/// ```
/// baton: find room, claim -> no baton: fill, write -> baton: enter into the tables, drop the claim
/// ```
/// So the data of many writes is on its way at once, and is on the way before its entries are: the
/// entries of a claimed cluster are changed by nobody else, and those that find it claimed wait.
/// Who waits for a claim does not hold the baton, so that the claim can end.
extension ImageEngine {
    /// Claims the piece at hand and gives the baton to the next; a claim that is not dropped gives
    /// its room back when the operation ends.
    func claim(_ op: Op) {
        let end = op.pointee.position + op.pointee.pieceBytes
        op.pointee.claimStart = op.pointee.position & ~geometry.clusterMask
        op.pointee.claimEnd = (end + geometry.clusterMask) & ~geometry.clusterMask
        op.pointee.hasClaim = true
        op.pointee.previousClaim = nil
        op.pointee.nextClaim = state.pointee.firstClaim
        state.pointee.firstClaim?.pointee.previousClaim = op
        state.pointee.firstClaim = op
        releaseBaton(op)
    }

    /// Ends a claim; who waited for one looks again.
    func dropClaim(_ op: Op) {
        let (previous, next) = (op.pointee.previousClaim, op.pointee.nextClaim)
        if let previous {
            previous.pointee.nextClaim = next
        } else {
            state.pointee.firstClaim = next
        }
        next?.pointee.previousClaim = previous
        op.pointee.hasClaim = false
        guard !state.pointee.claimWaiters.isEmpty else { return }
        state.pointee.runnable.append(contentsOf: &state.pointee.claimWaiters)
        scheduleRunnable()
    }

    /// How many guest clusters from one on nobody has claimed, at most as many as wanted.
    func unclaimed(from cluster: UInt64, _ wanted: UInt64) -> UInt64 {
        var end = cluster + wanted << UInt64(geometry.clusterBits)
        var claim = state.pointee.firstClaim
        while let other = claim {
            if other.pointee.claimStart < end, other.pointee.claimEnd > cluster {
                end = max(other.pointee.claimStart, cluster)
            }
            claim = other.pointee.nextClaim
        }
        return (end - cluster) >> UInt64(geometry.clusterBits)
    }

    /// Waits until a claim ends, without the baton; the step is taken again.
    func awaitClaim(_ op: Op, then step: Operation.Step) -> Outcome {
        releaseBaton(op)
        op.pointee.step = step
        state.pointee.claimWaiters.append(op)
        return .waiting
    }
}
