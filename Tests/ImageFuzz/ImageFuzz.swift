/// What libFuzzer calls with each image: it is refused with words, or served, and then read, changed
/// and closed.
///
/// The last byte says how it is opened; it is not part of the image.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    guard let start, count > 1, let stand = FuzzStand.shared else { return 0 }
    let image = UnsafeRawBufferPointer(start: start, count: count - 1)
    stand.serve(image, how: start[count - 1])
    return 0
}
