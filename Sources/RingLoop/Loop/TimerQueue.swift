/// The armed timers of a loop: a binary heap, earliest first; equal times in the order of arming.
///
/// - Complexity: O(log n) to arm and to cancel; no allocation but when it has to grow.
final class TimerQueue {
    private struct Entry {
        var deadline: UInt64
        var order: UInt64
        var timer: LoopTimer

        func isBefore(_ other: Entry) -> Bool {
            (deadline, order) < (other.deadline, other.order)
        }
    }

    private var heap: [Entry] = []
    private var orderNext: UInt64 = 0

    init() { heap.reserveCapacity(64) }

    /// When the first timer fires, or nothing when none is armed.
    var deadlineFirst: UInt64? { heap.first?.deadline }

    func arm(_ timer: LoopTimer, deadline: UInt64) {
        cancel(timer)
        heap.append(Entry(deadline: deadline, order: orderNext, timer: timer))
        orderNext += 1
        timer.heapIndex = heap.count - 1
        rise(from: heap.count - 1)
    }

    func cancel(_ timer: LoopTimer) {
        guard timer.isArmed else { return }
        let index = timer.heapIndex
        precondition(
            index < heap.count && heap[index].timer === timer,
            "a timer is cancelled on the loop that armed it"
        )
        remove(at: index)
    }

    /// Fires what is due; a timer armed meanwhile waits for the next turn, even if it is due.
    func fire(until now: UInt64) {
        guard let first = deadlineFirst, first <= now else { return }
        let orderEnd = orderNext
        var later: [LoopTimer] = []
        while let entry = heap.first, entry.deadline <= now {
            remove(at: 0)
            guard entry.order < orderEnd else {
                later.append(entry.timer)
                continue
            }
            entry.timer.handler(entry.timer.context)
        }
        for timer in later { arm(timer, deadline: now) }
    }

    private func remove(at index: Int) {
        heap[index].timer.heapIndex = -1
        let moved = heap.removeLast()
        guard index < heap.count else { return }
        heap[index] = moved
        moved.timer.heapIndex = index
        rise(from: index)
        sink(from: moved.timer.heapIndex)
    }

    private func rise(from start: Int) {
        var index = start
        while index > 0 {
            let parent = (index - 1) / 2
            guard heap[index].isBefore(heap[parent]) else { return }
            exchange(index, parent)
            index = parent
        }
    }

    private func sink(from start: Int) {
        var index = start
        while true {
            var least = index
            for child in [index * 2 + 1, index * 2 + 2]
            where child < heap.count && heap[child].isBefore(heap[least]) {
                least = child
            }
            guard least != index else { return }
            exchange(index, least)
            index = least
        }
    }

    private func exchange(_ left: Int, _ right: Int) {
        heap.swapAt(left, right)
        heap[left].timer.heapIndex = left
        heap[right].timer.heapIndex = right
    }
}
