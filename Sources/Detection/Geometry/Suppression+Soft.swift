import Datasets
import Foundation
import Tensors

extension Suppression {
    /// How much the score of a box falls that overlaps one of a higher score (Bodla et al., "Soft-NMS - improving object
    /// detection with one line of code", 2017).
    public enum Decay: Codable, Hashable, Sendable {
        /// By the overlap itself, where it is above the threshold.
        case linear(threshold: Double)
        /// By a bell of the overlap, however small that is.
        case gaussian(sigma: Double)

        /// What is left of a score.
        func factor(_ overlap: Double) -> Double {
            switch self {
            case .linear(let threshold): overlap > threshold ? 1 - overlap : 1
            case .gaussian(let sigma): exp(-overlap * overlap / sigma)
            }
        }
    }

    /// A box that is left, and what is left of its score.
    public struct Survivor: Sendable, Equatable {
        /// Which box.
        public var index: Int
        /// Its score after all decay.
        public var score: Double
    }

    /// Lets scores of overlapping boxes fall instead of dropping boxes: time and again the best one that is left (the lower
    /// index first where scores are equal) is taken, and the others' scores fall by how much they overlap it.
    /// - Parameter least: boxes whose score falls below this are dropped.
    /// - Returns: what is left, in the order in which it was taken.
    public static func soft(_ boxes: [Box], _ scores: [Double], _ decay: Decay, least: Double = 0.001) -> [Survivor] {
        require(boxes.count == scores.count, "Suppression", "\(scores.count) scores do not fit \(boxes.count) boxes")
        var left = boxes.indices.filter { scores[$0] >= least }
        var scores = scores
        var columns = BoxColumns(left.map { boxes[$0] })
        var row = [Double](repeating: 0, count: left.count)
        var taken: [Survivor] = []
        while !left.isEmpty {
            var best = 0
            for place in 1..<max(1, left.count) where scores[left[place]] > scores[left[best]] { best = place }
            let index = left[best]
            taken.append(Survivor(index: index, score: scores[index]))
            row.withUnsafeMutableBufferPointer {
                BoxOverlap.union.overlaps(of: boxes[index], columns, into: $0.baseAddress!)
            }
            var next: [Int] = []
            for (place, other) in left.enumerated() where place != best {
                scores[other] *= decay.factor(row[place])
                if scores[other] >= least { next.append(other) }
            }
            left = next
            columns = BoxColumns(left.map { boxes[$0] })
        }
        return taken
    }
}
