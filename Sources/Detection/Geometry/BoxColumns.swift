import Datasets

/// Boxes as kernels read them: all left sides, then all upper, right and lower ones, then the areas.
public struct BoxColumns: Sendable, Equatable {
    /// How many boxes there are.
    public let count: Int
    /// The five columns one after the other.
    let values: [Double]

    /// The columns of some boxes.
    public init(_ boxes: [Box]) {
        let count = boxes.count
        self.count = count
        values = [Double](unsafeUninitializedCapacity: 5 * count) { columns, initialized in
            for (index, box) in boxes.enumerated() {
                columns[index] = box.left
                columns[count + index] = box.top
                columns[2 * count + index] = box.right
                columns[3 * count + index] = box.bottom
                columns[4 * count + index] = box.area
            }
            initialized = 5 * count
        }
    }

    /// One of the boxes.
    public subscript(index: Int) -> Box {
        Box(
            left: values[index], top: values[count + index], right: values[2 * count + index],
            bottom: values[3 * count + index])
    }

    /// All of them.
    public var boxes: [Box] { (0..<count).map { self[$0] } }
}
