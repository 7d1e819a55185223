internal import BlockGraph
internal import CLinux
internal import Glibc
internal import RingLoop

/// Which parts of a file are data and which are holes.
extension FileDriver {
    /// Lists extents through SEEK_DATA and SEEK_HOLE.
    ///
    /// On file systems where that may wait for somebody else, and while the disk is slow,
    /// everything is called data, which is always right.
    func listExtents(_ request: BlockRequest) -> BlockStatus {
        guard let list = request.slot.pointee.extents else { return .failed(EINVAL) }
        let begin = request.slot.pointee.offsetBytes
        let end = begin + request.slot.pointee.lengthBytes
        let isOne = request.slot.pointee.flags.contains(.oneExtent)
        if view.pointee.storage != .remote {
            let fd = view.pointee.fd
            _ = paced {
                Self.seek(fd, list: list, from: begin, to: end, onlyOne: isOne)
                return 0
            }
        }
        if list.pointee.count == 0, end > begin {
            _ = list.pointee.append(
                ExtentList.Extent(lengthBytes: end - begin, isHole: false, readsZero: false)
            )
        }
        return .done
    }

    private static func seek(
        _ fd: Int32,
        list: UnsafeMutablePointer<ExtentList>,
        from begin: UInt64,
        to end: UInt64,
        onlyOne: Bool
    ) {
        var offset = begin
        while offset < end {
            let isHole: Bool
            let next: UInt64
            let data = clinux_seek_data(fd, Int64(bitPattern: offset))
            if data == -Int64(ENXIO) {
                (isHole, next) = (true, end)
            } else if data > Int64(bitPattern: offset) {
                (isHole, next) = (true, min(UInt64(data), end))
            } else {
                let hole = data < 0 ? -1 : clinux_seek_hole(fd, Int64(bitPattern: offset))
                let isUsable = hole > Int64(bitPattern: offset)
                (isHole, next) = (false, isUsable ? min(UInt64(hole), end) : end)
            }
            let extent = ExtentList.Extent(
                lengthBytes: next - offset,
                isHole: isHole,
                readsZero: isHole
            )
            guard list.pointee.append(extent), !onlyOne else { return }
            offset = next
        }
    }
}
