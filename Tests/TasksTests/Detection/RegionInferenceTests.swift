import Autograd
import Datasets
import Detection
import Layers
import Tasks
import Tensors
import Testing

struct RegionInferenceTests {
    private func output(
        _ scene: RegionScene, images: Int = 1, _ stages: [(classes: [Double], deltas: [Double])], masks: [Double]? = nil
    ) -> ModelOutput<Double> {
        func constant(_ values: [Double]) -> Variable<Double> { Variable(Tensor([values.count], values)) }
        return ModelOutput(
            answer: scene.answer((0..<images).map { _ in scene.objectness([5: 3]) }), features: [],
            regions: SteadyAnswers(
                stageAnswers: stages.map { (constant($0.classes), constant($0.deltas)) }, masks: masks.map(constant)))
    }

    /// Rules that propose so many regions of an image.
    private func rules(_ scene: RegionScene, regions: Int = 1) -> RegionRules {
        var rules = scene.rules
        rules.proposals.evaluated = regions
        return rules
    }

    @Test func everySureClassIsAnObjectAtItsOwnBox() {
        let scene = RegionScene()
        // Softmax of (log 6, log 3, 0): 0.6, 0.3 and 0.1 for the background.
        let answer = output(
            scene, [([1.791759469228055, 1.0986122886681098, 0], [0, 0, 0, 0, 5, 0, 0, 0])], masks: [0, 2])
        let found = rules(scene).detections(answer, size: 32, visible: [32], DetectionLimits())[0]
        #expect(found.map(\.classIndex) == [0, 1])
        #expect(abs(found[0].score - 0.6) < 1e-12 && abs(found[1].score - 0.3) < 1e-12)
        #expect(found[0].box == box(4, 4, 12, 12) && found[1].box == box(8, 4, 16, 12))
        #expect(found[0].mask == MaskPatch(side: 2, values: [0.5, 0.5, 0.5, 0.5]))
        #expect(found[1].mask?.values.allSatisfy { abs($0 - 0.8807970779778823) < 1e-12 } == true)
    }

    @Test func torchvisionHasTheBackgroundFirst() {
        let scene = RegionScene(style: .torchvision)
        let answer = output(
            scene, [([0, 1.791759469228055, 1.0986122886681098], .init(repeating: 0, count: 12))], masks: [9, 0, 2])
        let found = rules(scene).detections(answer, size: 32, visible: [32], DetectionLimits())[0]
        #expect(found.map(\.classIndex) == [0, 1])
        #expect(found[0].mask?.values == [0.5, 0.5, 0.5, 0.5])
    }

    @Test func scoresMustBeAboveTheLimitAndObjectsAreCounted() {
        let scene = RegionScene(kind: .fasterRcnn)
        let answer = output(scene, [([1.791759469228055, 1.0986122886681098, 0], .init(repeating: 0, count: 8))])
        var limits = DetectionLimits()
        limits.score = 0.5
        #expect(rules(scene, regions: 3).detections(answer, size: 32, visible: [32], limits)[0].count == 3)
        limits.most = 2
        let found = rules(scene, regions: 3).detections(answer, size: 32, visible: [32], limits)[0]
        #expect(found.map(\.box) == [box(4, 4, 12, 12), box(0, 0, 4, 4)])
        #expect(found.allSatisfy { $0.mask == nil })
    }

    @Test func cascadesAverageLogitsAndMoveBoxesThreeTimes() {
        let scene = RegionScene(kind: .cascadeMaskRcnn)
        let move = [1.0, 0, 0, 0]
        let stages: [(classes: [Double], deltas: [Double])] = [
            ([3, 0, 0], move), ([0, 0, 0], move), ([0, 3, 0], move),
        ]
        let answer = output(scene, stages, masks: [0, 0])
        var rules = rules(scene)
        let found = rules.detections(answer, size: 32, visible: [32], DetectionLimits())[0]
        // Softmax of (1, 1, 0).
        #expect(abs(found[0].score - 0.4223187982515182) < 1e-12)
        let left = 4 + 0.8 + 0.4 + 8 * 0.033
        #expect(abs(found[0].box.left - left) < 1e-12)
        rules.ensemble = .probabilities
        let mean = rules.detections(answer, size: 32, visible: [32], DetectionLimits())[0]
        let score = (0.9094429985127419 + 0.0452785007436290 + 1.0 / 3) / 3
        #expect(abs(mean[0].score - score) < 1e-12)
    }

    @Test func noProposalsAreNoObjects() {
        for kind in [RegionScene(), RegionScene(style: .torchvision), RegionScene(kind: .cascadeMaskRcnn)] {
            let answer = output(
                kind, images: 2, .init(repeating: ([0, 0, 0], [0, 0, 0, 0]), count: 3), masks: [0, 0])
            let found = kind.rules.detections(
                answer, size: 32, visible: [Pair(0, 0), Pair(0, 0)], DetectionLimits())
            #expect(found == [[], []])
        }
    }
}
