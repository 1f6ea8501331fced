import Detection
import Tensors

/// Which candidates become objects, in a graph that ends in objects.
public struct ObjectLimits: Sendable, Equatable {
    /// Candidates of this score or a lower one are no objects.
    public var score: Double
    /// How many candidates of each level are looked at, in two-stage detectors by the first stage.
    public var perLevel: Int
    /// Of two objects of one class that overlap by more than this the surer one stays.
    public var overlap: Double
    /// How many objects an image has at most.
    public var most: Int
    /// How many regions of an image a first stage proposes, fewer where there are fewer that do not overlap.
    public var proposals: Int

    /// mmdetection's limits, unless said otherwise.
    public init(
        score: Double = 0.05, perLevel: Int = 1000, overlap: Double = 0.5, most: Int = 100, proposals: Int = 1000
    ) {
        self.score = score
        self.perLevel = perLevel
        self.overlap = overlap
        self.most = most
        self.proposals = proposals
    }
}

/// The surest pairs of a place and a class on one level, in a graph.
struct GraphCandidates {
    /// [N, R], each.
    var scores: String
    var labels: String
    /// The row of each among the level's boxes.
    let rows: String
    /// The place of each among all pairs.
    let indices: String
    /// How many there are.
    let count: Int
    /// [N, R, 4].
    var boxes = ""

    func with(boxes: String) -> GraphCandidates {
        var copy = self
        copy.boxes = boxes
        return copy
    }
}

/// From a detector's maps to objects.
extension GraphBuilder {
    /// The surest of a level's logits, whose channels are the classes of each box, one box after the other.
    mutating func candidates(
        _ path: String, _ logits: FeatureMap, classes: Int, _ limits: ObjectLimits
    ) -> GraphCandidates {
        let all = logits.height * logits.width * logits.channels
        let flat = reshaped(path + ".logits", channelsLast(logits).name, [all])
        let scores = node("Sigmoid", path + ".scores", [flat])
        return candidates(path, scores: scores, of: all, classes: classes, most: limits.perLevel)
    }

    /// The surest of scores [N, all], those of a box's classes side by side.
    mutating func candidates(
        _ path: String, scores: String, of all: Int, classes: Int, most: Int
    ) -> GraphCandidates {
        let count = min(most, all)
        let best = node("TopK", path + ".best", [scores, sizes([count])], ["axis": .integer(1)], results: 2)
        let divisor = sizes([classes])
        return GraphCandidates(
            scores: best[0], labels: node("Mod", path + ".labels", [best[1], divisor]),
            rows: node("Div", path + ".rows", [best[1], divisor]), indices: best[1], count: count)
    }

    /// Rows [N, R, columns] of values [N, all, columns] by their indices [N, R].
    mutating func chosenRows(_ name: String, _ values: String, _ indices: String) -> String {
        let column = node("Unsqueeze", name + ".indices", [indices, sizes([2])])
        return node("GatherND", name, [values, column], ["batch_dims": .integer(1)])
    }

    /// Anchors [N, R, 4] moved by deltas [N, R, 4].
    mutating func decoded(_ path: String, _ anchors: String, _ deltas: String, clampsSmall: Bool) -> String {
        let edge = split(path + ".anchors.parts", anchors, [1, 1, 1, 1], axis: 2)
        let move = split(path + ".deltas.parts", deltas, [1, 1, 1, 1], axis: 2)
        let limit = 4.135_166_556_742_356  // ln(1000 / 16)
        var corners: [(low: String, high: String)] = []
        for (axis, name) in ["x", "y"].enumerated() {
            let path = "\(path).\(name)"
            let side = node("Sub", path + ".side", [edge[axis + 2], edge[axis]])
            let center = node(
                "Add", path + ".center", [edge[axis], node("Mul", path + ".half", [side, number(0.5)])])
            let moved = node(
                "Add", path + ".moved", [center, node("Mul", path + ".move", [move[axis], side])])
            let clamped = node(
                "Clip", path + ".clamped", [move[axis + 2], clampsSmall ? number(-limit) : "", number(limit)])
            let grown = node("Mul", path + ".grown", [node("Exp", path + ".growth", [clamped]), side])
            let half = node("Mul", path + ".reach", [grown, number(0.5)])
            corners.append((node("Sub", path + ".low", [moved, half]), node("Add", path + ".high", [moved, half])))
        }
        return concatenated(
            path + ".decoded", [corners[0].low, corners[1].low, corners[0].high, corners[1].high], axis: 2)
    }

    /// The anchors of some rows [N, R] of a level, corner by corner, moved by the same rows of deltas [N, all, 4].
    mutating func moved(
        _ path: String, _ anchors: [Float], _ deltas: String, _ rows: String, clampsSmall: Bool
    ) -> String {
        let all = constant(
            path + ".anchors", [anchors.count / 4, 4], anchors)
        let chosen = node("Gather", path + ".chosen.anchors", [all, rows], ["axis": .integer(0)])
        return decoded(path, chosen, chosenRows(path + ".chosen.deltas", deltas, rows), clampsSmall: clampsSmall)
    }

    /// Boxes [N, R, 4] cut off at the input's edges.
    mutating func clipped(_ name: String, _ boxes: String) -> String {
        let (width, height) = (Float(imageSize.width), Float(imageSize.height))
        let most = constant("the input's corner", [4], [width, height, width, height])
        return node("Max", name, [node("Min", name + ".within", [boxes, most]), number(0)])
    }

    /// Candidates whose boxes have a side below the least one (or of no extent, for 0) have a score of 0.
    mutating func withoutSmall(_ path: String, _ candidates: GraphCandidates, least: Double) -> GraphCandidates {
        let edge = split(path + ".edges", candidates.boxes, [1, 1, 1, 1], axis: 2)
        let sides = (0..<2).map { node("Sub", "\(path).side.\($0)", [edge[$0 + 2], edge[$0]]) }
        let side = node("Min", path + ".smaller", sides)
        let isLarge = node(least > 0 ? "GreaterOrEqual" : "Greater", path + ".large", [side, number(least)])
        let flat = reshaped(path + ".large.flat", isLarge, [candidates.count])
        var result = candidates
        result.scores = node("Where", path + ".scores.kept", [flat, candidates.scores, number(0)])
        return result
    }

    /// The surest among the candidates but for those that overlap a surer one of the same class: boxes [N, most, 4], scores
    /// [N, most] by falling score and labels [N, most]; where there are fewer, scores are 0 and labels -1.
    mutating func surest(
        _ path: String, _ levels: [GraphCandidates], classes: Int, _ limits: ObjectLimits
    ) -> (boxes: String, scores: String, labels: String, count: Int) {
        func joined(_ name: String, _ parts: [String]) -> String {
            parts.count == 1 ? parts[0] : concatenated("\(path).\(name)", parts, axis: 1)
        }
        let boxes = joined("boxes", levels.map(\.boxes))
        let scores = joined("scores", levels.map(\.scores))
        let labels = joined("labels", levels.map(\.labels))
        let count = levels.reduce(0) { $0 + $1.count }
        // A score for each class, 0 but for the candidate's own, [N, K, R].
        let values = constant("off and on", [2], [0, 1])
        let marks = node("OneHot", path + ".marks", [labels, sizes([classes]), values], ["axis": .integer(1)])
        let row = node("Unsqueeze", path + ".row", [scores, sizes([1])])
        let each = node("Mul", path + ".each", [marks, row])
        let chosen = node(
            "NonMaxSuppression", path + ".chosen",
            [boxes, each, sizes([limits.most]), number(limits.overlap), number(limits.score)],
            ["center_point_box": .integer(0)])
        // What was chosen keeps its score, all else has 0; then the surest of all classes.
        let size = concatenated(path + ".size", [batchSize(), sizes([classes, count])], axis: 0)
        let none = node("Expand", path + ".none", [number(0), size])
        let kept = node(
            "ScatterND", path + ".kept", [none, chosen, node("GatherND", path + ".chosen.scores", [each, chosen])])
        let flat = reshaped(path + ".flat", kept, [classes * count])
        let most = min(limits.most, classes * count)
        let best = node("TopK", path + ".best", [flat, sizes([most])], ["axis": .integer(1)], results: 2)
        let found = chosenRows(
            path + ".found", boxes, node("Mod", path + ".rows", [best[1], sizes([count])]))
        let isThere = node("Greater", path + ".there", [best[0], number(0)])
        let label = node("Div", path + ".classes", [best[1], sizes([count])])
        return (
            found, best[0], node("Where", path + ".label", [isThere, label, sizes([-1])]), most
        )
    }

    /// The objects among the candidates, as results.
    mutating func objects(
        _ path: String, _ levels: [GraphCandidates], classes: Int, _ limits: ObjectLimits
    ) -> [GraphValue] { results(surest(path, levels, classes: classes, limits)) }

    /// Objects under the names of results.
    mutating func results(
        _ found: (boxes: String, scores: String, labels: String, count: Int)
    ) -> [GraphValue] {
        [
            GraphValue(name: node("Identity", "boxes", [found.boxes]), shape: [found.count, 4]),
            GraphValue(name: node("Identity", "scores", [found.scores]), shape: [found.count]),
            GraphValue(name: node("Identity", "labels", [found.labels]), shape: [found.count], isInteger: true),
        ]
    }
}

extension AnchorRule {
    /// The corners of a map's anchors, one after the other.
    func corners(level: Int, _ map: FeatureMap, input: Pair) -> [Float] {
        boxes(level: level, map: Pair(map.height, map.width), input: input).flatMap {
            [Float($0.left), Float($0.top), Float($0.right), Float($0.bottom)]
        }
    }
}
