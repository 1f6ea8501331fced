import Datasets
import Detection
import Tensors
import Testing

/// Overlaps, coding, clipping and filters of boxes.
struct BoxTests {
    @Test func boxesThatOnlyTouchHaveNothingInCommon() {
        let (one, next) = (Box(left: 0, top: 0, right: 2, bottom: 2), Box(left: 2, top: 0, right: 4, bottom: 2))
        #expect(BoxOverlap.union(one, next) == 0 && BoxOverlap.first(one, next) == 0)
        #expect(BoxOverlap.generalized(one, next) == 0)
        let far = Box(left: 6, top: 0, right: 8, bottom: 2)
        #expect(BoxOverlap.generalized(one, far) == -0.5)
    }

    @Test func boxesWithoutAnAreaOverlapNothing() {
        let point = Box(left: 1, top: 1, right: 1, bottom: 1)
        for kind in BoxOverlap.allCases { #expect(kind(point, point) == 0) }
        #expect(BoxOverlap.union.matrix([], [point]).isEmpty && BoxOverlap.union.matrix([point], [Box]()).isEmpty)
    }

    @Test func overlapsAreThoseOfTheReference() throws {
        for (name, kind) in [("iou", BoxOverlap.union), ("giou_matrix", .generalized)] {
            let given = try BoxCase.named(name)
            let found = kind.matrix(given.boxes("in.a"), given.boxes("in.b"))
            #expect(isClose(found, given["out.0"]), "\(name)")
        }
    }

    @Test func everyCountOfBoxesIsComparedAsOneByOne() {
        var random = Random(seed: 1, purpose: "boxes")
        for count in [1, 7, 8, 9, 255, 256, 257, 600] {
            let boxes = MadeBoxes.some(count, &random)
            let one = MadeBoxes.some(1, &random)[0]
            #expect(BoxOverlap.union.matrix([one], boxes) == boxes.map { MadeBoxes.overlap(one, $0) })
        }
    }

    @Test func codedBoxesAreThoseOfTheReferenceAndComeBack() throws {
        for (name, deviations) in [("unit", [1.0, 1, 1, 1]), ("weighted", [0.1, 0.1, 0.2, 0.2])] {
            let coder = BoxCoder(.torchvision, deviations: deviations)
            let given = try BoxCase.named("encode_" + name)
            let (boxes, anchors) = (given.boxes("in.boxes"), given.boxes("in.anchors"))
            let numbers = coder.encode(boxes, from: anchors)
            #expect(isClose(numbers, given["out.0"]), "\(name)")
            #expect(isClose(sides(coder.decode(numbers, from: anchors)), sides(boxes), 1e-11))
            let other = try BoxCase.named("decode_" + name)
            let decoded = coder.decode(other["in.deltas"], from: other.boxes("in.anchors"))
            #expect(isClose(sides(decoded), other["out.0"], 1e-11), "\(name)")
        }
    }

    @Test func onlyOneStyleKeepsBoxesFromVanishing() {
        let anchor = Box(left: 0, top: 0, right: 100, bottom: 100)
        let numbers = SIMD4<Double>(0, 0, -10, 10)
        let plain = BoxCoder(.torchvision).decode(numbers, from: anchor)
        let clamped = BoxCoder(.mmdetection).decode(numbers, from: anchor)
        #expect(abs(plain.height - 6250) < 1e-9 && abs(clamped.height - 6250) < 1e-9)
        #expect(plain.width < 0.01 && abs(clamped.width - 1.6) < 1e-12)
    }

    @Test func clippingAndFilteringAreThoseOfTheReference() throws {
        let clip = try BoxCase.named("clip")
        #expect(isClose(sides(clip.boxes("in.boxes").map { $0.clipped(to: Pair(150, 200)) }), clip["out.0"]))
        let small = try BoxCase.named("remove_small")
        let boxes = small.boxes("in.boxes")
        #expect(boxes.indices.filter { boxes[$0].isLarge(1, .torchvision) } == small.integers("out.0"))
        let flat = Box(left: 0, top: 0, right: 3, bottom: 1)
        #expect(flat.isLarge(1, .torchvision) && !flat.isLarge(1, .mmdetection))
    }

    @Test func regionsGoToTheLevelOfTheirSize() {
        func square(_ side: Double) -> Box { Box(left: 5, top: 5, right: 5 + side, bottom: 5 + side) }
        for style in DetectorStyle.allCases {
            let levels = RegionLevels(style: style)
            let found = [0, 1, 111.9, 112, 223.9, 224, 447.9, 448, 5000].map { levels.level(of: square($0)) }
            #expect(found == [0, 0, 0, 1, 1, 2, 2, 3, 3], "\(style)")
        }
        // Where the guard against rounding stands decides just below a bound.
        let side = 224 * (1 - 5e-7)
        #expect(RegionLevels(style: .torchvision).level(of: square(side)) == 2)
        #expect(RegionLevels(style: .mmdetection).level(of: square(side)) == 1)
    }
}
