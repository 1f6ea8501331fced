import Autograd
import Datasets
import Detection
import Tasks
import Tensors
import Testing

struct ProposalTests {
    private func proposals(
        _ scene: RegionScene, _ objectness: [[Double]], visible: [Pair], most: Int = 1000, perLevel: Int = 1000
    ) -> [Proposals] {
        var rules = scene.rules
        rules.proposals.evaluated = most
        var limits = DetectionLimits()
        limits.perLevel = perLevel
        return rules.evaluationProposals(scene.answer(objectness), size: 32, visible: visible, limits)
    }

    @Test func surestAnchorsComeFirstClippedToTheImage() {
        let found = proposals(RegionScene(), [RegionScene().objectness([5: 2, 0: 3])], visible: [32], most: 2)[0]
        // The anchor of place 0 is around (0, 0), that of place 5 around (8, 8).
        #expect(found.boxes == [box(0, 0, 4, 4), box(4, 4, 12, 12)])
        #expect(abs(found.scores[0] - 0.9525741268224334) < 1e-15)
    }

    @Test func whatLiesBeyondTheImageIsNotProposed() {
        // Of an image of 10 x 32 pixels rows 2 and 3 of the map show nothing.
        let found = proposals(RegionScene(), [RegionScene().objectness()], visible: [Pair(10, 32)])[0]
        #expect(found.boxes.count == 8)
        #expect(found.boxes.allSatisfy { $0.bottom <= 10 && $0.height > 0 })
    }

    @Test func anImageWithoutExtentHasNoProposals() {
        for style in DetectorStyle.allCases {
            let scene = RegionScene(style: style)
            #expect(proposals(scene, [scene.objectness()], visible: [Pair(0, 0)])[0].boxes.isEmpty)
        }
    }

    @Test func ofEachLevelTheSurestAreLookedAt() {
        let found = proposals(
            RegionScene(), [RegionScene().objectness([6: 1, 9: 2, 3: 0])], visible: [32], perLevel: 2)[0]
        #expect(found.boxes == [box(4, 12, 12, 20), box(12, 4, 20, 12)])
    }

    @Test func proposalsThatOverlapMoreThanTheLimitAreLeftOut() {
        let scene = RegionScene()
        var answer = scene.answer([scene.objectness([5: 2, 6: 1])])
        // Place 6 moves to lie on place 5: 7.5 of its 8 pixels to the left, so that they overlap by 7.5 / 8.5 = 0.88.
        var moves = [Double](repeating: 0, count: 64)
        moves[4 * 6] = -7.5 / 8
        answer[1] = Variable(Tensor([1, 4, 4, 4], moves))
        let rules = scene.rules
        let found = rules.evaluationProposals(answer, size: 32, visible: [32], DetectionLimits())[0]
        #expect(found.boxes.first == box(4, 4, 12, 12))
        #expect(found.boxes.count == 15)
    }

    @Test func severalImagesAreProposedAsOneByOne() {
        let scene = RegionScene()
        var random = Random(seed: 3, purpose: "objectness")
        let objectness = (0..<3).map { _ in (0..<16).map { _ in random.normal() } }
        let visible: [Pair] = [32, Pair(20, 30), Pair(9, 9)]
        let together = proposals(scene, objectness, visible: visible)
        for image in 0..<3 {
            #expect(together[image] == proposals(scene, [objectness[image]], visible: [visible[image]])[0])
        }
    }
}
