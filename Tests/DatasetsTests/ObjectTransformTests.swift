import Datasets
import Foundation
import Tensors
import Testing

/// Steps of recipes for images with objects, and how the objects follow.
struct ObjectTransformTests {
    private let size = Pair(40, 60)

    private func image(_ size: Pair) -> Image {
        Image(
            width: size.width, height: size.height, channels: 1,
            pixels: (0..<size.height * size.width).map { UInt8(truncatingIfNeeded: $0) })
    }

    private func located(_ boxes: [Box], size: Pair = Pair(40, 60)) -> LocatedInstances {
        LocatedInstances(
            identifier: 1, original: Instances(size: size, items: boxes.map { Instance(box: $0, classIndex: 0) }))
    }

    /// What a step makes of an image with those objects.
    private func moved(
        _ step: TransformStep, _ annotation: LocatedInstances, seed: UInt64 = 1
    ) -> (image: Image, annotation: LocatedInstances) {
        var random = Random(seed: seed, purpose: "test")
        let (image, motion) = movedOnCanvas(image(annotation.original.size)) {
            step.apply(to: &$0, &random, guide: TransformGuide(annotation))
        }
        return (image, annotation.moved(by: motion))
    }

    @Test func imagesAreFittedIntoTheUpperLeftCorner() throws {
        let box = Box(left: 6, top: 4, right: 30, bottom: 40)
        let step = TransformStep.corner(width: 96, height: 80, enlarges: true, filter: .bilinear, fill: [9])
        let (image, annotation) = moved(step, located([box]))
        #expect(image.size == Pair(80, 96))
        // 60 x 40 becomes 96 x 64, and what is below has the color.
        #expect(image.pixels[64 * 96] == 9 && image.pixels[80 * 96 - 1] == 9 && image.pixels[63 * 96] != 9)
        let found = annotation.placed.items[0].box
        let expected = Box(left: 9.6, top: 6.4, right: 48, bottom: 64)
        for side in [\Box.left, \Box.top, \Box.right, \Box.bottom] {
            #expect(abs(found[keyPath: side] - expected[keyPath: side]) < 1e-9)
        }
        #expect(annotation.original.items[0].box == box)
        let small = TransformStep.corner(width: 96, height: 80, enlarges: false, filter: .bilinear, fill: [9])
        #expect(moved(small, located([box])).annotation.placed.items[0].box == box)
        #expect(moved(small, located([box], size: Pair(160, 60))).annotation.placed.items[0].box.bottom == 20)
    }

    @Test func everyStepHasAnExactInverseForWholeBoxes() throws {
        let boxes = [Box(left: 12, top: 9, right: 33.25, bottom: 27.5), Box(left: 1, top: 2, right: 5, bottom: 39)]
        let steps: [TransformStep] = [
            .corner(width: 96, height: 80, enlarges: true, filter: .bilinear, fill: [0]),
            .randomSides(short: [20, 33, 47], isRange: false, longSide: 90, filter: .bilinear),
            .randomSides(short: [20, 80], isRange: true, longSide: 90, filter: .bilinear),
            .horizontalFlip(probability: 1), .verticalFlip(probability: 1), .quarterTurn(probability: 1),
        ]
        for step in steps {
            for seed in 0..<5 {
                let placed = moved(step, located(boxes), seed: UInt64(seed)).annotation
                let back = try #require(placed.motion?.inverse)
                let found = placed.placed.moved(by: back).items.map(\.box)
                try #require(found.count == 2)
                for (one, other) in zip(found, boxes) {
                    let difference =
                        [
                            one.left - other.left, one.top - other.top, one.right - other.right,
                            one.bottom - other.bottom,
                        ].map(abs).max() ?? 1
                    #expect(difference < 1e-9)
                }
            }
        }
    }

    @Test func sidesAreDrawnFromTheirList() {
        func heights(_ isRange: Bool) -> Set<Int> {
            Set(
                (0..<200).map { seed in
                    moved(
                        .randomSides(short: [20, 30], isRange: isRange, longSide: 1000, filter: .bilinear), located([]),
                        seed: UInt64(seed)
                    ).image.height
                })
        }
        #expect(heights(false) == [20, 30] && heights(true) == Set(20...30))
        let long = moved(.randomSides(short: [40], isRange: false, longSide: 45, filter: .bilinear), located([])).image
        #expect(long.size == Pair(30, 45))
    }

    @Test func partsAreDrawnAgainWhileTheyAreEmpty() {
        let annotation = located([Box(left: 0, top: 0, right: 12, bottom: 12)])
        func seen(_ allowsEmpty: Bool) -> Int {
            (0..<100).count { seed in
                let step = TransformStep.randomPart(height: [10, 20], width: [15, 15], allowsEmpty: allowsEmpty)
                let (image, annotation) = moved(step, annotation, seed: UInt64(seed))
                #expect(image.width == 15 && 10...20 ~= image.height)
                return !annotation.placed.items.isEmpty
            }
        }
        let (any, wanted) = (seen(true), seen(false))
        #expect(any < 30 && wanted > any + 10)
    }

    @Test func overlapCropsKeepWhatHasItsCenterInside() {
        let boxes = [0, 14, 28, 42].map { (left: Double) -> Box in Box(left: left, top: 5, right: left + 13, bottom: 35)
        }
        var sizes: Set<Int> = []
        for seed in 0..<200 {
            let (image, annotation) = moved(
                .overlapCrop(overlaps: [0.1, 0.3, 0.5], smallest: 0.3), located(boxes), seed: UInt64(seed))
            sizes.insert(image.width)
            let motion = annotation.motion ?? .identity(size)
            let left = motion.source(of: Point(0, 0)).x
            let right = motion.source(of: Point(Double(image.width), 0)).x
            let inside = boxes.filter { box in
                let middle = (box.left + box.right) / 2
                return left < middle && middle < right
            }
            #expect(annotation.placed.items.count <= inside.count)
            #expect(!annotation.placed.items.isEmpty)
        }
        #expect(sizes.count > 10 && sizes.contains(60))
        // Without objects, and without room for any window, it comes to an end.
        _ = moved(.overlapCrop(overlaps: [0.9], smallest: 1), located([], size: Pair(2, 60)))
    }

    @Test func branchesAreDrawnAndNested() throws {
        let step = TransformStep.either([[.horizontalFlip(probability: 1)], []])
        let flipped = (0..<200).count { seed in
            moved(step, located([]), seed: UInt64(seed)).annotation.motion != .identity(size)
        }
        #expect(70...130 ~= flipped)
        let two = TransformStep.twoBranches(
            short: [24, 32], longSide: 60, middle: [20, 30], part: [12, 24], filter: .bilinear)
        let sizes = Set((0..<50).map { moved(two, located([]), seed: UInt64($0)).image.height })
        #expect(sizes.count > 2)
        let normalization = Normalization(mean: [0.5], deviation: [0.5])
        func plan(_ steps: [TransformStep]) -> TransformPlan {
            TransformPlan(
                width: 60, height: 40, channels: 1, training: steps, evaluation: [], normalization: normalization)
        }
        let bytes = try JSONEncoder().encode(plan([two]))
        #expect(try JSONDecoder().decode(TransformPlan.self, from: bytes) == plan([two]))
        #expect(plan([.either([[step]])]).problem?.contains("within another one") == true)
        #expect(
            plan([.either([])]).problem != nil
                && plan([.randomPart(height: [0, 1], width: [1, 2], allowsEmpty: true)]).problem != nil)
        #expect(plan([.overlapCrop(overlaps: [2], smallest: 0.3)]).problem != nil)
        #expect(plan([.randomSides(short: [], isRange: true, longSide: 9, filter: .bilinear)]).problem != nil)
        #expect(plan([two]).problem == nil)
    }

    @Test func boxesAreDrawnAgainAroundWhatIsLeftOfAnOutline() throws {
        // A triangle whose left half is cut off: its box there is lower than that of the box itself.
        let corners = [Point(10, 30), Point(30, 10), Point(30, 30)]
        let item = Instance(
            box: Box(left: 10, top: 10, right: 30, bottom: 30), classIndex: 0, polygons: [Polygon(corners)])
        let motion = Motion.crop(size, x: 0, y: 0, to: Pair(40, 20))
        var objects = Instances(size: size, items: [item])
        #expect(objects.moved(by: motion).items[0].box == Box(left: 10, top: 10, right: 20, bottom: 30))
        objects.tightensBoxes = true
        #expect(objects.moved(by: motion).items[0].box == Box(left: 10, top: 20, right: 20, bottom: 30))
        // A window within the outline shows nothing but the object.
        let inner = Motion.crop(size, x: 24, y: 24, to: Pair(4, 4))
        #expect(objects.moved(by: inner).items.first?.box == Box(left: 0, top: 0, right: 4, bottom: 4))
        // In a corner of the box where the object is not, nothing of it is visible.
        #expect(objects.moved(by: .crop(size, x: 10, y: 10, to: Pair(5, 5))).items.isEmpty)
        objects.items[0].polygons = []
        objects.items[0].runs = RunLengthMask(filling: Polygon(corners), size: size)
        let runs = objects.moved(by: motion).items[0]
        #expect(runs.runs?.size == Pair(40, 20) && runs.box == runs.runs?.box && runs.box.top > 15)
    }

    @Test func outlinesEndWhereTheImageWasCut() throws {
        let box = Box(left: 10, top: 10, right: 50, bottom: 30)
        let item = Instance(box: box, classIndex: 0, polygons: [Polygon(box.corners)])
        // Half of it is cut off, and then there is a bar at the right.
        let motion = Motion.crop(size, x: 0, y: 0, to: Pair(40, 30)).then(.pad(Pair(40, 30), left: 0, top: 0, to: size))
        let moved = Instances(size: size, items: [item]).moved(by: motion).items[0]
        #expect(moved.box == Box(left: 10, top: 10, right: 30, bottom: 30))
        #expect(moved.covered(in: size)?.area == 400)
        #expect(Box(around: moved.polygons[0].corners) == moved.box)
    }

    @Test func flippedOutlinesAndRunsAgreeButForARowOfPixels() {
        let corners = [Point(5, 5), Point(41.3, 8.2), Point(37.7, 33.1), Point(12.4, 30)]
        let outline = Instance(
            box: Box(left: 5, top: 5, right: 41.3, bottom: 33.1), classIndex: 0, polygons: [Polygon(corners)])
        var runs = outline.boxOnly
        runs.runs = outline.covered(in: size)
        let both = Instances(size: size, items: [outline, runs]).moved(by: .flip(size)).items
        let (first, second) = (both[0].covered(in: size), both[1].covered(in: size))
        #expect((first?.overlap(second ?? RunLengthMask(empty: size)) ?? 0) > 0.93)
        #expect(both[0].polygons[0].corners[0] == Point(55, 5))
    }

    @Test func motionsAddUp() {
        let annotation = located([Box(left: 10, top: 10, right: 50, bottom: 30)])
        let (first, second) = (
            Motion.resize(size, to: Pair(80, 120)), Motion.crop(Pair(80, 120), x: 30, y: 0, to: Pair(80, 40))
        )
        let moved = annotation.moved(by: first).moved(by: second)
        #expect(moved == annotation.moved(by: first.then(second)))
        #expect(moved.placed.items[0].box == Box(left: 0, top: 20, right: 40, bottom: 60))
        #expect(moved.original == annotation.original)
    }
}
