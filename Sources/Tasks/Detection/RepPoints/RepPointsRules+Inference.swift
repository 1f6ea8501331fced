import Autograd
import Datasets
import Detection
import Foundation
import Layers
import Tensors

extension RepPointsRules {
    /// The objects that an answer means: of each level the surest pairs of a point and a class, at the box of the refined
    /// points.
    @specialized(where S == Float)
    package func detections<S: Scalar>(
        _ output: ModelOutput<S>, size: Pair, visible: [Pair], _ limits: DetectionLimits
    ) -> [[DetectedObject]] {
        let answer = RepPointsAnswer(output.answer, strides: strides, transform)
        let boxes = answer.grid.levels.indices.map { answer.pixelBoxes(.refined, $0) }
        let logits = answer.classes.map(\.value)
        return inParallel(visible.count) { image in
            var found: [DetectedObject] = []
            for (level, place) in answer.grid.levels.enumerated() {
                let classes = logits[level].shape.columns
                let count = place.count * classes
                logits[level].read { values in
                    let values = UnsafeBufferPointer(start: values + image * count, count: count)
                    // The logistic function rises: the order of logits is that of scores.
                    for index in Ranking.top(values, limits.perLevel) {
                        let score = 1 / (1 + exp(-Double(values[index])))
                        guard score > limits.score else { break }
                        let box = boxes[level][image * place.count + index / classes].clipped(to: visible[image])
                        // What lies beside the image is left out, and what is no number.
                        guard box.isFinite, box.isLarge(0, .mmdetection) else { continue }
                        found.append(DetectedObject(box: box, classIndex: index % classes, score: score))
                    }
                }
            }
            return found.suppressed(limits)
        }
    }
}
