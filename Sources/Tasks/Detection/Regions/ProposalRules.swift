import Autograd
import Datasets
import Detection
import Tensors

/// The rules of a first stage, the region proposal network of Ren et al. (arXiv 1506.01497): which anchors it is trained
/// with, what its answer costs, and which regions it proposes.
package struct ProposalRules: Sendable {
    /// How many regions are proposed.
    package struct Limits: Sendable, Equatable {
        /// Anchors of each level that are looked at, the surest ones.
        package var perLevel: Int
        /// Regions of an image.
        package var most: Int

        /// - Parameters:
        ///   - perLevel: anchors of each level that are looked at.
        ///   - most: regions of an image.
        package init(perLevel: Int, most: Int) { (self.perLevel, self.most) = (perLevel, most) }
    }

    /// Where the anchors are, and whose rules are followed.
    package var anchors: AnchorRule
    /// What each anchor is of.
    package var matcher: Matcher
    /// Which anchors of an image a step is trained with.
    package var sampler = Sampler(count: 256, fraction: 0.5)
    /// How many pixels an anchor may reach beyond its image; below 0 as far as it likes. 0 in mmdetection's cascades.
    package var border = -1.0
    /// By mmdetection's rules anchors count that lie within an image's size rounded up to a multiple of this.
    package var paddingMultiple = 32
    /// Whether anchors count for nothing more than half of which lies in a group of objects that are not told apart.
    package var ignoresCrowds = false
    /// Where smooth L1 goes over into L1; 0 is L1.
    package var beta: Double
    package var training: Limits
    /// Regions of an image in evaluation; how many anchors of each level are looked at is `DetectionLimits.perLevel`.
    package var evaluated = 1000
    /// Of two regions of a level that overlap by more the surer one stays.
    package var overlap = 0.7

    var style: DetectorStyle { anchors.style }

    /// The published settings of the anchors' style.
    package init(anchors: AnchorRule) {
        self.anchors = anchors
        let isTorchvision = anchors.style == .torchvision
        matcher = Matcher(high: 0.7, low: 0.3, lowQuality: isTorchvision ? .ownBest : .inOrder(least: 0.3))
        beta = isTorchvision ? 1.0 / 9 : 0
        training = Limits(perLevel: 2000, most: isTorchvision ? 2000 : 1000)
    }
}

/// What the first stage says of a batch: for each level the objectness [N, h, w, A], then for each level how boxes move
/// [N, h, w, 4 A].
struct ProposalAnswer<S: Scalar> {
    let objectness: [Variable<S>]
    let deltas: [Variable<S>]

    init(_ answer: [Variable<S>]) {
        let levels = answer.count / 2
        require(
            answer.count == 2 * levels
                && (0..<levels).allSatisfy { answer[levels + $0].shape.columns == 4 * answer[$0].shape.columns },
            "ProposalRules", answer.map(\.shape),
            "an answer has the objectness of each level [N, h, w, A] and then the moves of boxes [N, h, w, 4 A]")
        objectness = Array(answer[..<levels])
        deltas = Array(answer[levels...])
    }

    var levels: Range<Int> { objectness.indices }
    var images: Int { objectness[0].shape[0] }

    /// How many anchors an image has on a level.
    func count(_ level: Int) -> Int { objectness[level].shape.elementCount / images }
}

/// The anchors of an input, level by level.
struct AnchorGrid: Sendable {
    let maps: [Pair]
    let levels: [[Box]]

    init<S: Scalar>(_ rule: AnchorRule, _ maps: [Variable<S>], input: Pair) {
        let sizes = maps.map { Pair($0.shape[1], $0.shape[2]) }
        self.maps = sizes
        levels = sizes.indices.map { rule.boxes(level: $0, map: sizes[$0], input: input) }
    }

    /// Of all levels.
    var columns: BoxColumns { BoxColumns(levels.flatMap { $0 }) }
}
