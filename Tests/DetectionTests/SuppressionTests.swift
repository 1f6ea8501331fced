import Datasets
import Detection
import Tensors
import Testing

/// Which boxes are left, and in which order.
struct SuppressionTests {
    @Test func survivorsAreThoseOfTheReference() throws {
        for threshold in ["0.3", "0.5", "0.7"] {
            let given = try BoxCase.named("nms_" + threshold)
            let limit = try #require(Double(threshold))
            let found = Suppression.kept(given.boxes("in.boxes"), given["in.scores"], threshold: limit)
            #expect(found == given.integers("out.0"))
        }
        let given = try BoxCase.named("batched_nms")
        let found = Suppression.kept(
            given.boxes("in.boxes"), given["in.scores"], classes: given["in.labels"].map { Int32($0) }, threshold: 0.5)
        #expect(found == given.integers("out.0"))
    }

    /// The rule as it is told.
    private func plain(_ boxes: [Box], _ scores: [Double], _ classes: [Int32], _ threshold: Double) -> [Int] {
        var kept: [Int] = []
        for index in scores.indices.sorted(by: { (scores[$1], $0) < (scores[$0], $1) })
        where !kept.contains(where: {
            classes[$0] == classes[index] && MadeBoxes.overlap(boxes[$0], boxes[index]) > threshold
        }) { kept.append(index) }
        return kept
    }

    @Test func equalScoresAndOverlapsAreSettledByIndex() {
        var random = Random(seed: 5, purpose: "nms")
        for round in 0..<30 {
            let boxes = MadeBoxes.whole(20 * round, &random)
            let scores = boxes.map { _ in Double(random.integer(below: 6)) / 8 }
            let classes = boxes.map { _ in Int32(random.integer(below: 3)) }
            #expect(
                Suppression.kept(boxes, scores, classes: classes, threshold: 0.5) == plain(boxes, scores, classes, 0.5))
            let one = [Int32](repeating: 0, count: boxes.count)
            let kept = Suppression.kept(boxes, scores, threshold: 0.3)
            #expect(kept == plain(boxes, scores, one, 0.3))
            #expect(Suppression.kept(boxes, scores, threshold: 0.3, limit: 4) == Array(kept.prefix(4)))
        }
    }

    @Test func softScoresFallByOverlap() {
        let boxes = [
            Box(left: 0, top: 0, right: 10, bottom: 10), Box(left: 0, top: 0, right: 10, bottom: 5),
            Box(left: 50, top: 0, right: 60, bottom: 10),
        ]
        let linear = Suppression.soft(boxes, [0.9, 0.8, 0.3], .linear(threshold: 0.3))
        #expect(linear.map(\.index) == [0, 1, 2] && isClose(linear.map(\.score), [0.9, 0.4, 0.3]))
        let spared = Suppression.soft(boxes, [0.9, 0.8, 0.3], .linear(threshold: 0.5))
        #expect(spared.map(\.score) == [0.9, 0.8, 0.3])
        let bell = Suppression.soft(boxes, [0.9, 0.8, 0.5], .gaussian(sigma: 0.25))
        // e^-1 of .8 falls behind the box that nothing overlaps.
        #expect(bell.map(\.index) == [0, 2, 1] && isClose(bell.map(\.score), [0.9, 0.5, 0.8 * 0.367879441171442]))
        #expect(Suppression.soft(boxes, [0.9, 0.8, 0.3], .linear(threshold: 0.3), least: 0.35).map(\.index) == [0, 1])
        #expect(Suppression.soft([], [], .gaussian(sigma: 0.5)).isEmpty)
    }

    @Test func theHighestScoresComeInAStableOrder() {
        var random = Random(seed: 7, purpose: "top")
        for count in [0, 1, 2, 10, 100, 1000] {
            let scores = (0..<count).map { _ in Float(random.integer(below: 20)) / 20 }
            let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
            for wanted in [0, 1, 7, count / 2, count, count + 5] {
                #expect(Ranking.top(scores, wanted) == Array(order.prefix(wanted)))
                let above = order.filter { scores[$0] > 0.5 }
                #expect(Ranking.top(scores, wanted, above: 0.5) == Array(above.prefix(wanted)))
            }
            #expect(Ranking.order(scores) == order)
        }
        #expect(Ranking.top([0.1, .nan, 0.3] as [Double], 5) == [2, 0])
    }
}
