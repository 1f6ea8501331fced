import Tensors

/// Puts runs together; those of one kind that follow each other become one.
package struct RunBuilder {
    private var counts: [UInt32] = []
    private var length = 0
    private var isObject = false

    package init() {}

    /// `count` more pixels of one kind.
    package mutating func add(_ count: Int, isObject kind: Bool) {
        if kind != isObject {
            if count == 0 { return }
            counts.append(UInt32(length))
            (length, isObject) = (0, kind)
        }
        length += count
    }

    /// The mask, once as many pixels were added as an image of `size` has.
    package func mask(_ size: Pair) -> RunLengthMask { RunLengthMask(unchecked: size, counts + [UInt32(length)]) }
}
