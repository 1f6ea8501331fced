import Tensors

extension RunLengthMask {
    /// The pixels of this object or of another one in the same image.
    public func union(_ other: RunLengthMask) -> RunLengthMask {
        require(size == other.size, "RunLengthMask", "masks of \(size) and \(other.size) pixels have no union")
        var runs = RunBuilder()
        walk(other) { length, isFirst, isSecond in runs.add(length, isObject: isFirst || isSecond) }
        return runs.mask(size)
    }

    /// The pixels of any of some objects in one image.
    /// - Parameter size: of the image, for where there are none.
    public init(union masks: [RunLengthMask], size: Pair) {
        guard let first = masks.first else {
            self.init(empty: size)
            return
        }
        self = masks.dropFirst().reduce(first) { $0.union($1) }
    }

    /// How many pixels belong to both objects.
    public func intersection(_ other: RunLengthMask) -> Int {
        require(size == other.size, "RunLengthMask", "masks of \(size) and \(other.size) pixels have no intersection")
        var sum = 0
        walk(other) { length, isFirst, isSecond in if isFirst, isSecond { sum += length } }
        return sum
    }

    /// The pixels of both objects over those of either; 0 where neither has any.
    /// - Parameter isCrowd: whether the other one is a group of objects that are not told apart: then it is over the pixels of
    ///   this one.
    public func overlap(_ other: RunLengthMask, isCrowd: Bool = false) -> Double {
        let (own, common) = (area, intersection(other))
        let whole = isCrowd ? own : own + other.area - common
        return whole > 0 ? Double(common) / Double(whole) : 0
    }

    /// Goes through both masks in pieces in which neither changes.
    @inline(__always)
    private func walk(_ other: RunLengthMask, _ body: (_ length: Int, _ isFirst: Bool, _ isSecond: Bool) -> Void) {
        counts.withUnsafeBufferPointer { first in
            other.counts.withUnsafeBufferPointer { second in
                guard !first.isEmpty, !second.isEmpty else { return }
                var (i, j) = (0, 0)
                var (left, right) = (Int(first[0]), Int(second[0]))
                while true {
                    let length = min(left, right)
                    if length > 0 { body(length, i & 1 == 1, j & 1 == 1) }
                    left -= length
                    right -= length
                    while left == 0 {
                        i += 1
                        if i == first.count { return }
                        left = Int(first[i])
                    }
                    while right == 0 {
                        j += 1
                        if j == second.count { return }
                        right = Int(second[j])
                    }
                }
            }
        }
    }
}
