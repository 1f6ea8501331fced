import CKernels
import Datasets
import Tensors

/// Leaves out boxes that say again what a box of a higher score says.
public enum Suppression {
    /// Goes through the boxes by falling score, the lower index first where scores are equal, and drops each that overlaps
    /// one that was kept by more than the threshold (intersection over union).
    /// - Parameter limit: no more than so many are kept.
    /// - Returns: the indices of those that are kept, by falling score.
    public static func kept(_ boxes: [Box], _ scores: [Double], threshold: Double, limit: Int = .max) -> [Int] {
        require(boxes.count == scores.count, "Suppression", "\(scores.count) scores do not fit \(boxes.count) boxes")
        let order = Ranking.order(scores)
        return kept(boxes, order, threshold, limit)
    }

    private static func kept(_ boxes: [Box], _ order: [Int], _ threshold: Double, _ limit: Int) -> [Int] {
        let sorted = BoxColumns(order.map { boxes[$0] })
        let count = order.count
        var suppressed = [UInt8](repeating: 0, count: count)
        var kept: [Int] = []
        sorted.values.withUnsafeBufferPointer { columns in
            suppressed.withUnsafeMutableBufferPointer { suppressed in
                for place in 0..<count where suppressed[place] == 0 {
                    kept.append(order[place])
                    if kept.count >= limit { break }
                    let next = place + 1
                    if next == count { break }
                    let box = sorted[place]
                    hb_suppress_boxes(
                        [box.left, box.top, box.right, box.bottom, box.area], columns.baseAddress! + next, count,
                        count - next, threshold, suppressed.baseAddress! + next)
                }
            }
        }
        return kept
    }

    /// The same for each class by itself.
    /// - Parameter classes: one for each box.
    /// - Returns: the indices of those that are kept, by falling score over all classes, the lower index first where scores
    ///   are equal.
    public static func kept(
        _ boxes: [Box], _ scores: [Double], classes: [Int32], threshold: Double, limit: Int = .max
    ) -> [Int] {
        require(
            boxes.count == scores.count && boxes.count == classes.count, "Suppression",
            "\(scores.count) scores and \(classes.count) classes do not fit \(boxes.count) boxes")
        var groups: [Int32: [Int]] = [:]
        for index in Ranking.order(scores) { groups[classes[index], default: []].append(index) }
        let survivors = groups.values.flatMap { kept(boxes, $0, threshold, limit) }.sorted()
        let order = Ranking.order(survivors.map { scores[$0] })
        return order.prefix(limit).map { survivors[$0] }
    }
}
