import Autograd
import Datasets
import Detection
import Layers
import Models
import Tensors

/// The rules of RepPoints (Yang et al., arXiv 1904.11490), as mmdetection has them: boxes are made of nine points, twice.
/// The initial points are asked of the one point of the grid that suits an object, the refined ones of all points whose
/// initial box overlaps with it.
package struct RepPointsRules: DetectorRules {
    /// How points become a box.
    package typealias Transform = RepPointsHeadSpecification.Transform

    /// Pixels of the input from cell to cell of each level.
    package var strides: [Int]
    /// The side of a box that suits a level, in strides.
    package var scale: Double
    /// How points become a box.
    package var transform: Transform
    /// Which object the refined points are of, by their initial boxes.
    package var matcher = Matcher(high: 0.5, low: 0.4, lowQuality: .inOrder(least: 0))
    /// Whether points count for nothing more than half of whose initial box lies in a group of objects that are not told
    /// apart.
    package var ignoresCrowds = false
    /// Points count that lie within an image's size rounded up to a multiple of this.
    package var paddingMultiple = 32
    /// Where smooth L1 goes over into L1, in units of a level's box.
    package var beta = 0.11
    /// Of the classes, of the initial boxes and of the refined ones.
    package var classWeight = 1.0
    package var initialWeight = 0.5
    package var refinedWeight = 1.0
    /// Of the focal loss.
    package var alpha = 0.25
    package var gamma = 2.0

    /// - Parameters:
    ///   - strides: of each level, from fine to coarse.
    ///   - scale: the side of a box that suits a level, in strides.
    package init(strides: [Int] = [8, 16, 32, 64, 128], scale: Double = 4, transform: Transform = .moment) {
        (self.strides, self.scale, self.transform) = (strides, scale, transform)
    }

    @specialized(where S == Float)
    package func loss<S: Scalar>(
        _ output: ModelOutput<S>, _ targets: InstanceTargets, _ context: DetectionContext
    ) -> DetectorLoss<S> {
        let answer = RepPointsAnswer(output.answer, strides: strides, transform)
        let initial = initialMatches(answer.grid, targets)
        let refined = refinedMatches(answer, targets)
        let classes = classLosses(answer, refined.labels, divisor: refined.boxes.divisor)
        return DetectorLoss([
            .init("class", classes, weight: classWeight),
            .init(
                "initialBox", boxLosses(answer, .initial, initial, weight: initialWeight),
                weight: initialWeight),
            .init(
                "box", boxLosses(answer, .refined, refined.boxes, weight: refinedWeight), weight: refinedWeight
            ),
        ])
    }
}
