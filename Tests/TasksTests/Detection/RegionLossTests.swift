import Autograd
import Datasets
import Detection
import Layers
import Tasks
import Tensors
import Testing

struct RegionLossTests {
    /// The losses by name, with their sums.
    private func values(_ loss: DetectorLoss<Double>) -> [String: Double] {
        Dictionary(uniqueKeysWithValues: loss.terms.map { ($0.name, $0.values.reduce(0) { $0 + $1.value.item }) })
    }

    private func total(_ loss: DetectorLoss<Double>) -> Variable<Double> {
        let values = loss.terms.flatMap(\.values)
        return values.dropFirst().reduce(values[0], +)
    }

    private func steady(
        _ classes: [Double], _ deltas: [Double], _ masks: [Double]? = nil, stages: Int = 1, on tape: Tape<Double>? = nil
    ) -> SteadyAnswers<Double> {
        func leaf(_ values: [Double]) -> Variable<Double> {
            let tensor = Tensor([values.count], values)
            return tape?.leaf(tensor) ?? Variable(tensor)
        }
        return SteadyAnswers(
            stageAnswers: (0..<stages).map { _ in (leaf(classes), leaf(deltas)) }, masks: masks.map(leaf))
    }

    /// An object that covers the right half of a box of 8 pixels at (4, 4).
    private let half = RunLengthMask(
        bitmap: (0..<32 * 32).map { $0 % 32 >= 8 && $0 % 32 < 12 && $0 / 32 >= 4 && $0 / 32 < 12 ? 1 : 0 }, size: 32)

    @Test func lossesOfTwoObjectsAreTheirFormulas() {
        // One anchor lies exactly on each object; all 16 anchors are proposed, of which two are of objects.
        let scene = RegionScene()
        let targets = InstanceTargets(
            size: 32,
            images: [target([box(4, 4, 12, 12), box(12, 20, 20, 28)], [0, 1], masks: [half, nil])])
        let output = ModelOutput(
            answer: scene.answer([scene.objectness([5: 0])]), features: [],
            regions: steady([0, 0, 0], [0.1, 0, 0, 0, 0, 0.2, 0, 0], [0, 3]))
        let steps = scene.rules.steps(output, targets, DetectionContext())
        let found = values(steps.loss)
        #expect(steps.samples[0][0].boxes.count == 18)
        #expect(steps.samples[0][0].isTruth.prefix(3) == [true, true, false])
        #expect(steps.samples[0][0].objects.prefix(5) == [0, 1, 0, 1, nil])
        // The second object's anchor says -20, the first one's 0; both of 16 anchors.
        #expect(abs(found["objectness"]! - (20 + 0.6931471805599453) / 16) < 1e-8)
        #expect(found["proposals"] == 0)
        #expect(abs(found["class"]! - 1.0986122886681098) < 1e-12)
        // Two regions of each object, off by 0.1 and by 0.2, L1, 18 regions.
        #expect(abs(found["box"]! - 2 * 0.3 / 18) < 1e-12)
        // The first object's mask alone is known; its logits are 0.
        #expect(abs(found["mask"]! - 0.6931471805599453) < 1e-12)
        #expect(abs(steps.rightShares[0] - 2.0 / 18) < 1e-12)
    }

    @Test func masksAreOfTheObjectsOwnClass() {
        let scene = RegionScene()
        let targets = InstanceTargets(size: 32, images: [target([box(4, 4, 12, 12)], [1], masks: [half])])
        let output = ModelOutput(
            answer: scene.answer([scene.objectness()]), features: [],
            regions: steady([0, 0, 0], .init(repeating: 0, count: 8), [-9, 3]))
        // Half of the cells are the object's: (log(1 + e^-3) + log(1 + e^3)) / 2.
        let expected = (0.04858735157374206 + 3.048587351573742) / 2
        #expect(abs(values(scene.rules.loss(output, targets, DetectionContext()))["mask"]! - expected) < 1e-12)
    }

    @Test(arguments: DetectorStyle.allCases)
    func imagesWithoutObjectsTeachWhatIsNoObject(style: DetectorStyle) {
        let scene = RegionScene(style: style)
        let tape = Tape<Double>()
        let boxes = style == .torchvision ? 12 : 8
        let regions = steady([0, 1, 2], .init(repeating: 0.3, count: boxes), [1, 2], on: tape)
        let output = ModelOutput(answer: scene.answer([scene.objectness()]), features: [], regions: regions)
        let targets = InstanceTargets(size: 32, images: [target([], [])])
        let loss = scene.rules.loss(output, targets, DetectionContext())
        let found = values(loss)
        #expect(found["box"] == 0 && found["mask"] == 0 && found["proposals"] == 0)
        #expect(found["class"]! > 0.1 && found["objectness"]! > 0)
        tape.backward(from: total(loss))
        #expect(tape.gradient(of: regions.masks!)?.array == [0, 0])
        #expect(tape.gradient(of: regions.stageAnswers[0].deltas)?.array.allSatisfy { $0 == 0 } == true)
    }

    @Test func withoutAnyRegionAllLossesAreZeroWithZeroGradients() {
        let scene = RegionScene(kind: .cascadeMaskRcnn)
        let tape = Tape<Double>()
        let regions = steady([0, 1, 2], [0.3, 0, 0, 0], [1, 2], stages: 3, on: tape)
        let output = ModelOutput(answer: scene.answer([scene.objectness()]), features: [], regions: regions)
        let targets = InstanceTargets(size: 32, images: [target([], [], visible: Pair(0, 0))])
        let loss = scene.rules.loss(output, targets, DetectionContext())
        #expect(loss.terms.map(\.name).count == 11)
        #expect(total(loss).value.item == 0)
        tape.backward(from: total(loss))
        for stage in regions.stageAnswers {
            #expect(tape.gradient(of: stage.classes)?.array == [0, 0, 0])
            #expect(tape.gradient(of: stage.deltas)?.array == [0, 0, 0, 0])
        }
    }

    @Test func cascadesRemoveTheBoxesTheyAddedAndAddThemAgain() {
        let scene = RegionScene(kind: .cascadeMaskRcnn)
        let objects = [box(4, 4, 12, 12), box(12, 20, 20, 28)]
        let targets = InstanceTargets(
            size: 32, images: [target(objects, [0, 1], masks: [half, nil]), target([], [])])
        // Each stage moves every box to the right by a tenth of its width, in units of the deviation 0.1, 0.05 and 0.033.
        let output = ModelOutput(
            answer: scene.answer([scene.objectness(), scene.objectness()]), features: [],
            regions: steady([0, 0, 0], [1, 0, 0, 0], [0, 0], stages: 3))
        let steps = scene.rules.steps(output, targets, DetectionContext())
        #expect(steps.samples.map { $0[0].boxes.count } == [18, 18, 18])
        #expect(steps.samples.map { $0[1].boxes.count } == [16, 16, 16])
        for stage in steps.samples {
            #expect(stage[0].boxes.prefix(2) == [objects[0], objects[1]])
            #expect(stage[0].isTruth.count { $0 } == 2)
        }
        // The anchor on the first object: moved by 0.8 pixels, then by 0.4 more.
        #expect(steps.samples[0][0].boxes[2] == box(4, 4, 12, 12))
        #expect(abs(steps.samples[1][0].boxes[2].left - 4.8) < 1e-12)
        #expect(abs(steps.samples[2][0].boxes[2].left - 5.2) < 1e-12)
        // Weights 1, 1/2 and 1/4.
        let found = values(steps.loss)
        #expect(abs(found["class.1"]! - found["class"]! / 2) < 1e-12)
        #expect(abs(found["mask.2"]! - found["mask"]! / 4) < 1e-12)
    }

    @Test func anImageOfNothingButItsOwnBoxesGoesOnWithThem() {
        let scene = RegionScene(kind: .cascadeRcnn)
        let targets = InstanceTargets(size: 32, images: [target([box(1, 1, 9, 9)], [1])])
        var rules = scene.rules
        rules.proposals.training.most = 0
        let output = ModelOutput(
            answer: scene.answer([scene.objectness()]), features: [],
            regions: steady([0, 0, 0], [1, 0, 0, 0], stages: 3))
        let steps = rules.steps(output, targets, DetectionContext())
        #expect(steps.samples.allSatisfy { $0[0].boxes == [box(1, 1, 9, 9)] })
    }

    @Test func decodedBoxesOfHorNetsCascadeCostTenTimesTheirGeneralizedOverlap() {
        var head = RegionScene(kind: .cascadeRcnn).head
        head.box.convolutions = 4
        head.box.sharesBoxes = false
        var keys = DetectorLossKeys()
        keys.sampled = .max
        var rules = RegionRules(head, strides: [8], keys)
        rules.proposals.training.most = 0
        // The own box moved to the right by half its width: they share a third of their union.
        let output = ModelOutput(
            answer: RegionScene().answer([RegionScene().objectness()]), features: [],
            regions: steady([0, 0, 0], [0, 0, 0, 0, 5, 0, 0, 0], stages: 3))
        let targets = InstanceTargets(size: 32, images: [target([box(1, 1, 9, 9)], [1])])
        let found = values(rules.loss(output, targets, DetectionContext()))
        #expect(abs(found["box"]! - 10 * 2.0 / 3) < 1e-5)
    }

    @Test func samplesDependOnSeedImageAndStageAlone() {
        var rules = RegionScene().rules
        rules.sampler = Sampler(count: 4, fraction: 0.25)
        rules.proposals.sampler = Sampler(count: 4, fraction: 0.5)
        let scene = RegionScene()
        let output = ModelOutput(
            answer: scene.answer([scene.objectness(), scene.objectness()]), features: [],
            regions: steady([0, 0, 0], .init(repeating: 0, count: 8), [0, 0]))
        let image = target([box(4, 4, 12, 12)], [0], masks: [half])
        func samples(_ update: Int, first: Int = 0) -> [RegionSample] {
            let context = DetectionContext(key: RandomKey(seed: 1, purpose: "step", update), first: first)
            return rules.steps(output, InstanceTargets(size: 32, images: [image, image]), context).samples[0]
        }
        let once = samples(0)
        #expect(once == samples(0))
        #expect(once != samples(1))
        #expect(once[0] != once[1])
        #expect(once[1] == samples(0, first: 1)[0])
        #expect(once[0].boxes.count == 4 && once[0].objects.count { $0 != nil } == 1)
    }

    @Test(arguments: DetectorStyle.allCases)
    func gradientsOfTheSecondStageAreThoseOfTheLoss(style: DetectorStyle) {
        let scene = RegionScene(style: style)
        let targets = InstanceTargets(
            size: 32,
            images: [target([box(5, 4, 12, 11), box(12, 20, 21, 28)], [0, 1], masks: [half, half]), target([], [])])
        let columns = style == .torchvision ? 3 : 2
        let inputs: [[Double]] = [
            [0.3, -0.2, 0.5], (0..<4 * columns).map { 0.31 * Double($0) - 1.7 }, (0..<columns).map { 0.4 - Double($0) },
        ]
        func loss(_ inputs: [[Double]], _ tape: Tape<Double>) -> (Variable<Double>, SteadyAnswers<Double>) {
            let regions = steady(inputs[0], inputs[1], inputs[2], on: tape)
            let output = ModelOutput(
                answer: scene.answer([scene.objectness([5: 1]), scene.objectness()]), features: [], regions: regions)
            return (total(scene.rules.loss(output, targets, DetectionContext())), regions)
        }
        let tape = Tape<Double>()
        let (value, regions) = loss(inputs, tape)
        tape.backward(from: value)
        let leaves = [regions.stageAnswers[0].classes, regions.stageAnswers[0].deltas, regions.masks!]
        for (index, leaf) in leaves.enumerated() {
            let gradient = tape.gradient(of: leaf)!.array
            for element in gradient.indices {
                func shifted(_ step: Double) -> Double {
                    var inputs = inputs
                    inputs[index][element] += step
                    return loss(inputs, Tape()).0.value.item
                }
                let numeric = (shifted(1e-6) - shifted(-1e-6)) / 2e-6
                #expect(abs(numeric - gradient[element]) < 1e-7, "input \(index), element \(element)")
            }
        }
    }
}

extension RegionLossTests {
    @Test(arguments: DetectorStyle.allCases)
    func whatLiesInACrowdIsNoBackground(style: DetectorStyle) {
        var scene = RegionScene(style: style, kind: .fasterRcnn)
        var image = target([box(4, 4, 12, 12)], [0])
        // The left half of the input, the object in it.
        image.crowds = [box(0, 0, 14, 32)]
        let columns = style == .torchvision ? 12 : 8
        let output = ModelOutput(
            answer: scene.answer([scene.objectness()]), features: [],
            regions: steady([0, 0, 0], .init(repeating: 0, count: columns)))
        func counts() -> (anchors: Int, regions: Int) {
            let steps = scene.rules.steps(output, InstanceTargets(size: 32, images: [image]), DetectionContext())
            return (steps.matches[0].count { $0 >= -1 }, steps.samples[0][0].boxes.count)
        }
        #expect(counts() == (16, 17))
        scene.keys.crowd = .ignore
        // Anchors reach beyond the input, regions do not; the object's own box stays.
        #expect(counts() == (13, 9))
    }
}
