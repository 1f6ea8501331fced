import Datasets
import Detection
import Tensors
import Testing

/// Which anchors there are, and which take part.
struct AnchorTests {
    @Test func cellsAreThoseOfTheReference() throws {
        let given = try BoxCase.named("anchors_retinanet")
        let rule = AnchorRule.retinaNet(.torchvision, strides: [8, 16, 32])
        #expect(rule.sizes == [[32, 40, 50], [64, 80, 101], [128, 161, 203]])
        for level in 0..<3 { #expect(sides(rule.cells(level: level)) == given["out.\(level + 1)"]) }
        let proposals = try BoxCase.named("anchors_rpn")
        let own = AnchorRule.proposals(.torchvision)
        for level in 0..<4 { #expect(sides(own.cells(level: level)) == proposals["out.\(level + 1)"]) }
    }

    @Test func anchorsGoPlaceByPlaceAndRowByRow() {
        let rule = AnchorRule.proposals(.mmdetection, strides: [4, 8])
        let boxes = rule.boxes(maps: [Pair(2, 3), Pair(1, 2)], input: Pair(8, 12))
        #expect(boxes.count == 3 * (6 + 2))
        let cells = rule.cells(level: 0)
        #expect(
            abs(cells[0].width - 32 * 2.0.squareRoot()) < 1e-12
                && cells[1] == Box(left: -16, top: -16, right: 16, bottom: 16))
        // The second place of the second row.
        #expect(boxes[3 * 4 + 1] == Box(left: 4 - 16, top: 4 - 16, right: 4 + 16, bottom: 4 + 16))
        #expect(boxes[3 * 6 + 3 + 1] == Box(left: 8 - 32, top: -32, right: 8 + 32, bottom: 32))
    }

    @Test func stepsFollowThePaddedInputInOneStyleAlone() {
        let (map, input) = (Pair(13, 21), Pair(800, 1344))
        #expect(AnchorRule.proposals(.torchvision).step(level: 4, map: map, input: input) == Pair(61, 64))
        #expect(AnchorRule.proposals(.mmdetection).step(level: 4, map: map, input: input) == Pair(64, 64))
    }

    @Test func asManyAnchorsAsPublished() {
        let maps = [Pair(200, 336), Pair(100, 168), Pair(50, 84), Pair(25, 42), Pair(13, 21)]
        #expect(AnchorRule.proposals(.mmdetection).boxes(maps: maps, input: Pair(800, 1344)).count == 268_569)
        let coarse = [Pair(100, 168), Pair(50, 84), Pair(25, 42), Pair(13, 21), Pair(7, 11)]
        #expect(AnchorRule.retinaNet(.mmdetection).boxes(maps: coarse, input: Pair(800, 1344)).count == 201_600)
    }

    @Test func anchorsBeyondAnImageOrItsPaddingDoNotCount() throws {
        let rule = AnchorRule(style: .mmdetection, sizes: [[8]], ratios: [1], strides: [8])
        let maps = [Pair(8, 12)]
        // An image of 20 x 40 is 32 x 64 with its own padding: 4 rows and 8 columns of the batch's 8 and 12.
        let own = try #require(rule.counted(maps: maps, size: Pair(20, 40)))
        #expect(own.indices.filter { own[$0] } == (0..<4).flatMap { row in (0..<8).map { row * 12 + $0 } })
        // Boxes of 8 around places 8 apart: those of the first row and column reach out, those of the third row and the sixth column as well.
        let inside = try #require(rule.counted(maps: maps, size: Pair(20, 40), border: 0))
        #expect(inside.indices.filter { inside[$0] } == [12 + 1, 12 + 2, 12 + 3, 12 + 4])
        #expect(rule.counted(maps: maps, size: Pair(60, 96)) == nil)
        var other = rule
        other.style = .torchvision
        #expect(other.counted(maps: maps, size: Pair(20, 40), border: 0) == nil)
    }

    @Test func rulesComeBackFromText() throws {
        let rule = AnchorRule.retinaNet(.mmdetection)
        let data = try JSONCoding.encode(rule)
        #expect(try JSONCoding.decode(AnchorRule.self, data) == rule)
    }
}
