import Autograd
import Datasets
import Detection
import Layers
import Models
import Tasks
import Tensors
import Testing

struct RepPointsTests {
    /// Two levels of strides 8 and 16 for an input of 32 pixels, two classes, boxes by extremes.
    private func rules(_ transform: RepPointsRules.Transform = .minMax) -> RepPointsRules {
        RepPointsRules(strides: [8, 16], scale: 2, transform: transform)
    }

    private struct Leaves {
        var classes: [Variable<Double>]
        var initial: [Variable<Double>]
        var refined: [Variable<Double>]
    }

    private static let sides = [4, 2]

    private func leaves(
        _ tape: Tape<Double>, images: Int = 1, classes: Double = -20, points: (_ level: Int, _ element: Int) -> Double
    ) -> Leaves {
        func maps(_ channels: Int, _ value: (Int, Int) -> Double) -> [Variable<Double>] {
            Self.sides.enumerated().map { level, side in
                let shape: Shape = [images, side, side, channels]
                return tape.leaf(Tensor(shape, (0..<shape.elementCount).map { value(level, $0) }))
            }
        }
        return Leaves(
            classes: maps(2) { _, _ in classes }, initial: maps(18, points), refined: maps(18, points))
    }

    private func output(_ leaves: Leaves) -> ModelOutput<Double> {
        ModelOutput(answer: leaves.classes + leaves.initial + leaves.refined, features: [])
    }

    /// The nine points of a square of one stride around the cell's point.
    private func square(_ level: Int, _ element: Int) -> Double {
        let (point, isRow) = (element % 18 / 2, element % 2 == 0)
        return 0.5 * Double(isRow ? point / 3 - 1 : point % 3 - 1)
    }

    private func value(_ loss: DetectorLoss<Double>, _ name: String) -> Double {
        loss.terms.first { $0.name == name }?.values.reduce(0) { $0 + $1.value.item } ?? .nan
    }

    @Test func boxesAreAskedOfThePointNearestToTheirCenterOnTheLevelOfTheirSize() {
        let tape = Tape<Double>()
        let leaves = leaves(tape, points: square)
        // 16 pixels are 2 strides of 8, 33 are 2 of 16.
        let targets = InstanceTargets(
            size: 32, images: [target([box(2, 1, 18, 17), box(-1, 0, 32, 33)], [0, 1])])
        let loss = rules().loss(output(leaves), targets, DetectionContext())
        tape.backward(from: loss.terms[1].values.dropFirst().reduce(loss.terms[1].values[0], +))
        func touched(_ level: Int) -> [Int] {
            let gradient = tape.gradient(of: leaves.initial[level])!.array
            return Array(Set(gradient.indices.filter { gradient[$0] != 0 }.map { $0 / 18 })).sorted()
        }
        // Centers (10, 9) and (15.5, 16.5): point (8, 8) of the fine map, and (16, 16) of the coarse one.
        #expect(touched(0) == [5])
        #expect(touched(1) == [3])
        // Weight 1/2, two objects, smooth L1 with beta 0.11 in units of 16 and 32 pixels.
        func cost(_ pixels: [Double], _ unit: Double) -> Double {
            pixels.reduce(0) { $0 + $1 / unit - 0.055 }
        }
        let expected = 0.25 * (cost([2, 3, 6, 5], 16) + cost([9, 8, 8, 9], 32))
        #expect(abs(value(loss, "initialBox") - expected) < 1e-12)
    }

    @Test func aPointWantedTwiceIsTheNearerBoxes() {
        let tape = Tape<Double>()
        let leaves = leaves(tape, points: square)
        let objects = [box(1, 1, 17, 17), box(0, 0, 16.5, 16), box(0, 0, 16, 17)]
        func loss(_ boxes: [Box]) -> Double {
            let targets = InstanceTargets(size: 32, images: [target(boxes, boxes.map { _ in 0 })])
            return value(rules().loss(output(leaves), targets, DetectionContext()), "initialBox")
        }
        #expect(loss(objects) == loss([objects[1]]))
        // Of two that are equally near the first one.
        let (narrow, wide) = (box(1, 0, 17, 16), box(0.5625, 0, 17.5625, 16))
        #expect(loss([narrow, wide]) == loss([narrow]))
        #expect(loss([wide, narrow]) == loss([wide]))
        #expect(loss([wide]) != loss([narrow]))
    }

    @Test func refinedBoxesAreAskedOfPointsWhoseInitialBoxOverlaps() {
        let tape = Tape<Double>()
        let leaves = leaves(tape, points: square)
        // Initial boxes are 8 pixels around points 8 apart: one is the object's, and one of 16 pixels overlaps by a quarter.
        let targets = InstanceTargets(size: 32, images: [target([box(4, 4, 12, 12)], [1])])
        let loss = rules().loss(output(leaves), targets, DetectionContext())
        #expect(value(loss, "box") == 0)
        // One logit of a class should be 1 and is -20: alpha times softplus.
        #expect(abs(value(loss, "class") - 0.25 * 20) < 1e-6)
    }

    @Test func imagesWithoutObjectsTeachTheBackgroundAlone() {
        let tape = Tape<Double>()
        let leaves = leaves(tape, images: 2, classes: 0, points: square)
        let targets = InstanceTargets(size: 32, images: [target([], []), target([], [], visible: Pair(0, 0))])
        let loss = rules().loss(output(leaves), targets, DetectionContext())
        #expect(value(loss, "initialBox") == 0 && value(loss, "box") == 0)
        // 20 points of the first image, two classes, focal loss of 0.75 log(2) / 4 each; none of the second; divided by two.
        #expect(abs(value(loss, "class") - 20 * 2 * 0.75 * 0.6931471805599453 / 4 / 2) < 1e-12)
        let all = loss.terms.flatMap(\.values)
        tape.backward(from: all.dropFirst().reduce(all[0], +))
        for leaf in leaves.initial + leaves.refined {
            #expect(tape.gradient(of: leaf)?.array.allSatisfy { $0 == 0 } == true)
        }
    }

    @Test func gradientsAreThoseOfTheLoss() {
        var random = Random(seed: 5, purpose: "points")
        let noise = (0..<2).map { _ in (0..<4 * 4 * 18).map { _ in 0.05 * random.normal() } }
        let targets = InstanceTargets(
            size: 32, images: [target([box(3, 5, 14, 13), box(1, 0, 31, 30)], [0, 1])])
        let transfer = Tensor<Double>([2], [0.3, -0.2])
        func loss(_ change: (level: Int, element: Int, step: Double)? = nil) -> (Tape<Double>, Variable<Double>, Leaves)
        {
            let tape = Tape<Double>()
            var leaves = self.leaves(tape, classes: -1) { square($0, $1) + noise[$0][$1] }
            if let change {
                var values = leaves.refined[change.level].value.array
                values[change.element] += change.step
                leaves.refined[change.level] = tape.leaf(Tensor(leaves.refined[change.level].shape, values))
            }
            let output = ModelOutput(
                answer: leaves.classes + leaves.initial + leaves.refined + [Variable(transfer)], features: [])
            let values = rules(.moment).loss(output, targets, DetectionContext()).terms.flatMap(\.values)
            return (tape, values.dropFirst().reduce(values[0], +), leaves)
        }
        let (tape, value, leaves) = loss()
        tape.backward(from: value)
        for level in 0..<2 {
            let gradient = tape.gradient(of: leaves.refined[level])!.array
            for element in stride(from: 1, to: gradient.count, by: 7) {
                let numeric =
                    (loss((level, element, 1e-6)).1.value.item - loss((level, element, -1e-6)).1.value.item) / 2e-6
                #expect(abs(numeric - gradient[element]) < 1e-7, "level \(level), element \(element)")
            }
        }
    }

    @Test func surePointsAreObjectsAtTheirRefinedBoxes() {
        let tape = Tape<Double>()
        var leaves = leaves(tape, points: square)
        var logits = [Double](repeating: -20, count: 32)
        (logits[2 * 5 + 1], logits[2 * 15]) = (2, 1)
        leaves.classes[0] = Variable(Tensor([1, 4, 4, 2], logits))
        let found = rules().detections(output(leaves), size: 32, visible: [Pair(26, 32)], DetectionLimits())[0]
        #expect(found.map(\.classIndex) == [1, 0])
        #expect(found.map(\.box) == [box(4, 4, 12, 12), box(20, 20, 28, 26)])
        #expect(abs(found[0].score - 0.8807970779778823) < 1e-12)
    }

    @Test func headsSayTheirRules() {
        var keys = DetectorLossKeys()
        keys.boxWeight = 2
        keys.high = 0.6
        let head = RepPointsHeadSpecification(classes: 3, transform: .partialMinMax, scale: 3)
        let rules = RepPointsRules(head, strides: [4, 8], keys)
        #expect(rules.transform == .partialMinMax && rules.scale == 3 && rules.strides == [4, 8])
        #expect(rules.initialWeight == 1 && rules.refinedWeight == 2 && rules.matcher.high == 0.6)
    }
}
