import Datasets
import Foundation
import Tensors
import Testing

/// Steps that move an image and its mask together.
struct JointTests {
    private static let values: [UInt8] = [3, 60, 120, 180, 240]

    /// A map of wide areas of the five values, and the image that it is painted from.
    private func painted(_ random: inout Random) -> (image: Image, mask: Mask) {
        let size = Pair(50 + random.integer(below: 60), 50 + random.integer(below: 60))
        let centers = (0..<7).map { _ in
            (random.uniform(0, Double(size.width)), random.uniform(0, Double(size.height)))
        }
        let labels = (0..<size.height).flatMap { y in
            (0..<size.width).map { x in
                let nearest = centers.indices.min {
                    let (a, b) = (centers[$0], centers[$1])
                    return hypot(a.0 - Double(x), a.1 - Double(y)) < hypot(b.0 - Double(x), b.1 - Double(y))
                }
                return Self.values[(nearest ?? 0) % 5]
            }
        }
        return (
            Image(width: size.width, height: size.height, channels: 1, pixels: labels),
            Mask(size: size, labels: labels)
        )
    }

    private static let steps: [TransformStep] = [
        .randomResize(scale: [0.5, 2], longSide: 120, shortSide: 80, filter: .bilinear),
        .randomResize(scale: [0.7, 1.5], longSide: nil, shortSide: nil, filter: .bilinear),
        .randomWindow(width: 64, height: 48, classShare: 0.75, fill: [0]), .horizontalFlip(probability: 0.5),
        .verticalFlip(probability: 1), .quarterTurn(probability: 1), .elastic(strength: 4, smoothness: 24),
        .affine(degrees: 25, translate: [0.1, 0.1], scale: [0.8, 1.2], shear: 5),
        .randomCrop(width: 60, height: 56, padding: 6, mode: .zero), .fit(width: 70, height: 60, filter: .bilinear),
        .pad(width: 90, height: 70, filter: .bilinear, fill: [0]),
        .randomResizedCrop(width: 60, height: 60, scale: [0.4, 1], ratio: [0.75, 1.3], filter: .bilinear),
    ]

    private func moved(_ image: Image, _ steps: [TransformStep], _ random: Random) -> (image: Image, motion: Motion) {
        movedOnCanvas(image) { canvas in
            var random = random
            for step in steps { step.apply(to: &canvas, &random) }
        }
    }

    @Test(arguments: 0..<120)
    func masksStayOnTheirImages(_ seed: Int) {
        var random = Random(seed: UInt64(seed), purpose: "joint")
        let (image, mask) = painted(&random)
        let steps =
            seed < 36
            ? [Self.steps[seed % Self.steps.count]]
            : (0...random.integer(below: 5)).map { _ in Self.steps[random.integer(below: Self.steps.count)] }
        let (result, motion) = moved(image, steps, random)
        let labels = mask.moved(by: motion)
        #expect(labels.size == result.size)
        #expect(Set(labels.labels).subtracting([255]).isSubset(of: Self.values), "a value that was not there")
        var (compared, wrong) = (0, 0)
        // How many pixels up to this one have its label, along its row.
        var runs = [Int](repeating: 1, count: labels.labels.count)
        let width = result.width
        for y in 0..<result.height {
            for x in 1..<max(1, width) where labels[y, x] == labels[y, x - 1] {
                runs[y * width + x] = runs[y * width + x - 1] + 1
            }
        }
        for y in 4..<max(4, result.height - 4) {
            for x in 4..<max(4, width - 4) {
                let label = labels[y, x]
                let isPlain = (y - 4...y + 4).allSatisfy { labels[$0, x] == label && runs[$0 * width + x + 4] >= 9 }
                guard isPlain else { continue }
                compared += 1
                let expected = label == 255 ? 0 : Int(label)
                if abs(Int(result.pixels[y * result.width + x]) - expected) > 6 { wrong += 1 }
            }
        }
        // Where steps stretch an image again and again, the seams between its areas may be wider than looked at here.
        #expect(compared > 0 && wrong <= compared / 1000, "\(steps): \(wrong) of \(compared)")
    }

    @Test(arguments: 0..<30)
    func displacementsCanBeUndone(_ seed: Int) throws {
        var random = Random(seed: UInt64(seed), purpose: "warp")
        let (image, _) = painted(&random)
        let steps: [TransformStep] = [
            .elastic(strength: Double(seed), smoothness: 12 + Double(seed)), .quarterTurn(probability: 0.5),
            .randomResize(scale: [0.8, 1.3], longSide: nil, shortSide: nil, filter: .bilinear),
            .elastic(strength: 3, smoothness: 30), .horizontalFlip(probability: 0.5),
        ]
        let (result, motion) = moved(image, steps, random)
        #expect(!motion.isAffine && motion.inverse == nil)
        for _ in 0..<20 {
            let place = Point(
                random.uniform(0, Double(result.width)), random.uniform(0, Double(result.height)))
            let back = try #require(motion.target(of: motion.source(of: place)))
            #expect(hypot(back.x - place.x, back.y - place.y) < 1e-3, "\(place) \(back)")
        }
    }

    @Test func displacementsHaveTheStrengthThatIsAskedFor() {
        let image = Image(width: 200, height: 160, channels: 1, pixels: Array(repeating: 9, count: 32000))
        var squares: [Double] = []
        for seed in 0..<40 {
            let random = Random(seed: UInt64(seed), purpose: "strength")
            let motion = moved(image, [.elastic(strength: 3, smoothness: 80)], random).motion
            for x in stride(from: 0.0, through: 200, by: 12.5) {
                let place = motion.source(of: Point(x, 80))
                squares.append(pow(place.x - x, 2))
                squares.append(pow(place.y - 80, 2))
            }
        }
        let deviation = (squares.reduce(0, +) / Double(squares.count)).squareRoot()
        #expect((2.4...3.6).contains(deviation), "\(deviation)")
        #expect(moved(image, [.elastic(strength: 0, smoothness: 80)], Random(seed: 1, purpose: "")).motion.isAffine)
    }

    @Test func windowsAreDrawnAgainWhileOneClassIsTooCommon() throws {
        // One class but for a corner.
        let size = Pair(80, 80)
        let labels = (0..<6400).map { UInt8($0 % 80 < 24 && $0 / 80 < 24 ? 1 : 0) }
        let mask = Mask(size: size, labels: labels)
        let image = Image(width: 80, height: 80, channels: 1, pixels: labels)
        let step = TransformStep.randomWindow(width: 30, height: 30, classShare: 0.75, fill: [0])
        func shares(_ usesMask: Bool) -> [Double] {
            (0..<60).map { seed in
                var asked = 0
                let motion = movedOnCanvas(image) { canvas in
                    var random = Random(seed: UInt64(seed), purpose: "window")
                    let guide = TransformGuide(share: { motion in
                        asked += 1
                        return usesMask ? mask.moved(by: motion).commonestShare : nil
                    })
                    step.apply(to: &canvas, &random, guide: guide)
                }.motion
                #expect(asked <= (usesMask ? 10 : 1) && motion.target == Pair(30, 30))
                return mask.moved(by: motion).commonestShare ?? 0
            }
        }
        let (free, chosen) = (shares(false).count { $0 < 0.75 }, shares(true).count { $0 < 0.75 })
        #expect(free < 20 && chosen > 2 * free + 10, "\(free) \(chosen)")
        #expect(mask.commonestShare == Double(6400 - 576) / 6400)
        #expect(Mask(size: Pair(1, 3), labels: [255, 255, 4]).commonestShare == 1)
        #expect(Mask(size: Pair(1, 1), labels: [255]).commonestShare == 1)
        #expect(ClassLabel(3).commonestShare == nil)
    }

    @Test func windowsOfSmallImagesAreFilledRightAndBelow() {
        let image = Image(width: 3, height: 5, channels: 3, pixels: Array(repeating: 200, count: 45))
        let step = TransformStep.randomWindow(width: 4, height: 4, classShare: 1, fill: [9, 8, 7])
        let (result, motion) = moved(image, [step], Random(seed: 1, purpose: "small"))
        #expect(result.width == 4 && result.height == 4)
        for y in 0..<4 {
            #expect(Array(result.pixels[12 * y..<12 * y + 12]) == Array(repeating: 200, count: 9) + [9, 8, 7])
        }
        let mask = Mask(size: Pair(5, 3), labels: Array(repeating: 1, count: 15)).moved(by: motion)
        #expect(mask.labels == (0..<16).map { $0 % 4 == 3 ? 255 : 1 })
    }

    @Test func resizedImagesHaveTheSizesOfPublishedRecipes() {
        func size(_ width: Int, _ height: Int, _ scale: Double, _ long: Int?, _ short: Int?) -> Pair {
            let image = Image(
                width: width, height: height, channels: 1, pixels: Array(repeating: 1, count: width * height))
            let step = TransformStep.randomResize(
                scale: [scale, scale], longSide: long, shortSide: short, filter: .bilinear)
            #expect(step.isDeterministic)
            return moved(image, [step], Random(seed: 1, purpose: "")).image.size
        }
        // The sizes that mmcv's rescale_size gives.
        #expect(size(640, 480, 1, 2048, 512) == Pair(512, 683))
        #expect(size(640, 480, 0.5, 2048, 512) == Pair(256, 341))
        #expect(size(300, 900, 0.7, 2048, 512) == Pair(1074, 358))
        #expect(size(1000, 50, 1, 2048, 512) == Pair(102, 2048))
        #expect(size(40, 30, 1.5, nil, nil) == Pair(45, 60))
        #expect(size(40, 30, 1, nil, 15) == Pair(15, 20))
    }

    @Test func turnsAndFlipsMoveWholePixels() {
        let pixels = (0..<6).map { UInt8($0) }
        let image = Image(width: 3, height: 2, channels: 1, pixels: pixels)
        let expected: [Int: [UInt8]] = [
            3: [5, 4, 3, 2, 1, 0], 4: [3, 4, 5, 0, 1, 2], 6: [3, 0, 4, 1, 5, 2], 8: [2, 5, 1, 4, 0, 3],
        ]
        for (orientation, wanted) in expected {
            let (result, motion) = movedOnCanvas(image) { $0.reorient(orientation) }
            #expect(result.pixels == wanted && result.size == (orientation > 4 ? Pair(3, 2) : Pair(2, 3)))
            #expect(Mask(size: image.size, labels: pixels).moved(by: motion).labels == wanted)
        }
    }

    @Test func objectsFollowDisplacements() throws {
        for seed in 0..<20 {
            let size = Pair(80, 90)
            let box = Box(left: 30, top: 25, right: 60, bottom: 50)
            let mask = Painted.mask(size, box)
            let image = Painted.square(size, box)
            let motion = moved(
                image, [.elastic(strength: 4, smoothness: 30)], Random(seed: UInt64(seed), purpose: "objects")
            ).motion
            let with = Instance(box: box, classIndex: 1, mask: mask)
            let both = Instances(size: size, items: [with, Instance(box: box, classIndex: 2)]).moved(by: motion)
            let (first, second) = (try #require(both.items.first), try #require(both.items.last))
            let labels = mask.moved(by: motion).labels
            #expect(first.area == Double(labels.count { $0 == 1 }) && first.mask?.labels == labels)
            // What the sides went to is around the mask, to within a pixel.
            #expect(abs(first.box.left - second.box.left) <= 1.2 && abs(first.box.right - second.box.right) <= 1.2)
            #expect(abs(first.box.top - second.box.top) <= 1.2 && abs(first.box.bottom - second.box.bottom) <= 1.2)
        }
        let size = Pair(40, 40)
        let motion = moved(
            Image(width: 40, height: 40, channels: 1, pixels: Array(repeating: 0, count: 1600)),
            [.elastic(strength: 1, smoothness: 20), .randomWindow(width: 8, height: 8, classShare: 1, fill: [0])],
            Random(seed: 4, purpose: "gone")
        ).motion
        let corners = [Box(left: 0, top: 0, right: 2, bottom: 2), Box(left: 38, top: 38, right: 40, bottom: 40)]
        let left = Instances(size: size, items: corners.map { Instance(box: $0, classIndex: 0) }).moved(by: motion)
        #expect(left.items.count < 2)
    }
}
