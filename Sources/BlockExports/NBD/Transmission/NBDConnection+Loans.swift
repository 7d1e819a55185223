internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

// Replies whose bytes are sent from where they are (``PageLoan``).
extension NBDConnection {
    /// Sends what was lent, before something is done that might put other bytes in its place.
    func sendLent() { flush() }

    /// Ends all loans: what is still to be sent is copied.
    ///
    /// It was in the page cache a moment ago, so that this waits for no disk.
    func copyLent() {
        var current = replies.first
        while let transfer = current, lentCount > 0 {
            current = transfer.pointee.next
            guard let loan = transfer.pointee.loan else { continue }
            let length = transfer.pointee.payloadBytes
            transfer.pointee.loan = nil
            lentCount -= 1
            takeBuffer(transfer, lengthBytes: length)
            transfer.pointee.payload = transfer.pointee.buffer
            guard !Self.copy(loan, to: transfer.pointee.buffer, lengthBytes: length) else {
                continue
            }
            // A header may have gone that promised them.
            guard replies.isUntouched(transfer) else { return fail() }
            refuse(transfer)
        }
    }

    /// Makes an error of a reply whose bytes are gone.
    private func refuse(_ transfer: UnsafeMutablePointer<NBDTransfer>) {
        let before = transfer.pointee.replyBytes
        counters.recordLateFailure(bytes: UInt64(transfer.pointee.payloadBytes))
        releasePayload(transfer, isSent: false)
        transfer.pointee.payload = nil
        transfer.pointee.payloadBytes = 0
        writeErrorReply(transfer, .inputOutput)
        replies.lengthChanged(from: before, to: transfer.pointee.replyBytes)
    }

    /// Puts what was lent in the buffer of a request whose answer is not queued yet.
    func copyLoan(_ transfer: UnsafeMutablePointer<NBDTransfer>) {
        let slot = transfer.pointee.slot
        guard let loan = slot.pointee.loan else { return }
        slot.pointee.loan = nil
        let length = Int(transfer.pointee.lengthBytes)
        if !Self.copy(loan, to: transfer.pointee.buffer, lengthBytes: length) {
            slot.pointee.status = .failed(EIO)
        }
    }

    private static func copy(
        _ loan: PageLoan,
        to buffer: UnsafeMutableRawPointer?,
        lengthBytes: Int
    ) -> Bool {
        guard let buffer else { return false }
        var done = 0
        while done < lengthBytes {
            let offset = Int64(bitPattern: loan.offsetBytes) + Int64(done)
            let count = clinux_pread(loan.file, buffer + done, lengthBytes - done, offset)
            if count == -Int(EINTR) { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }
}
