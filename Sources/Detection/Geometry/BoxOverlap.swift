import CKernels
import Datasets

/// How much two boxes have in common.
public enum BoxOverlap: Int32, Sendable, CaseIterable {
    /// The area of the intersection over that of the union; 0 where there is no union.
    case union = 0
    /// The same less the part of the smallest box around both that neither covers (Rezatofighi et al., "Generalized
    /// intersection over union", 2019), -1...1.
    case generalized = 1
    /// The area of the intersection over that of the first box; 0 where it has none.
    case first = 2

    /// Of each box of `first` with each of `second`, row by row [first.count, second.count].
    public func matrix(_ first: [Box], _ second: BoxColumns) -> [Double] {
        [Double](unsafeUninitializedCapacity: first.count * second.count) { matrix, initialized in
            for (row, box) in first.enumerated() {
                if second.count == 0 { break }
                overlaps(of: box, second, into: matrix.baseAddress! + row * second.count)
            }
            initialized = first.count * second.count
        }
    }

    /// Of each box of `first` with each of `second`, row by row [first.count, second.count].
    public func matrix(_ first: [Box], _ second: [Box]) -> [Double] { matrix(first, BoxColumns(second)) }

    /// Of two boxes.
    public func callAsFunction(_ first: Box, _ second: Box) -> Double { matrix([first], [second])[0] }

    /// Of one box with each of some.
    func overlaps(of box: Box, _ others: BoxColumns, into row: UnsafeMutablePointer<Double>) {
        let sides = [box.left, box.top, box.right, box.bottom, box.area]
        others.values.withUnsafeBufferPointer {
            if let columns = $0.baseAddress {
                hb_box_overlaps(sides, columns, others.count, others.count, rawValue, row)
            }
        }
    }
}
