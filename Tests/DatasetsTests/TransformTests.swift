import Datasets
import Foundation
import Tensors
import Testing

struct TransformTests {
    /// A plan that leaves bytes as they are, so that outputs compare with Pillow's.
    private func bytes(_ steps: [TransformStep], on image: Image, width: Int, height: Int, seed: UInt64 = 0) throws
        -> Image
    {
        let zero = [Float](repeating: 0, count: image.channels)
        let plan = TransformPlan(
            width: width, height: height, channels: image.channels, training: steps, evaluation: [],
            normalization: Normalization(mean: zero, deviation: zero.map { _ in 1 / 255 }))
        let values = try Transform(plan, mode: .training)(image, random: Random(seed: seed, purpose: "test"))
        return Image(
            width: width, height: height, channels: image.channels, pixels: values.map { UInt8($0.rounded()) })
    }

    @Test(arguments: [(17, 13), (80, 55), (20, 30), (40, 15), (7, 64), (1, 1)], ResizeFilter.allCases)
    func resizesEqualPillowsByteForByte(_ size: (Int, Int), _ filter: ResizeFilter) throws {
        let result = try bytes(
            [.resize(width: size.0, height: size.1, filter: filter)], on: Golden.image("source"), width: size.0,
            height: size.1)
        #expect(result == Golden.image("resize-\(filter.rawValue)-\(size.0)x\(size.1)"))
    }

    @Test func grayResizesEqualPillows() throws {
        let result = try bytes(
            [.resize(width: 19, height: 23, filter: .bicubic)], on: Golden.image("grey"), width: 19, height: 23)
        #expect(result == Golden.image("resize-grey-bicubic-19x23"))
    }

    @Test(arguments: [
        ("brightness", 0, 1.4), ("contrast", 1, 0.6), ("contrast-up", 1, 1.9), ("saturation", 2, 1.7),
        ("hue25", 3, 25.5 / 255), ("hue-51", 3, -51.5 / 255),
    ])
    func colorChangesEqualPillows(_ name: String, _ operation: Int, _ factor: Double) {
        let result = colorChange(operation, factor, Golden.image("source"))
        #expect(largestDifference(result, Golden.image(name)) <= (operation == 3 ? 1 : 0))
    }

    @Test func affineMotionEqualsPillows() {
        let result = affineMotion([0.9, 0.3, -4.0, -0.2, 1.1, 2.5], Golden.image("source"))
        // Pillow cuts fractions off where we round.
        #expect(largestDifference(result, Golden.image("affine")) <= 1)
    }

    @Test func quarterTurnMovesPixelsExactly() {
        let image = Image(width: 3, height: 3, channels: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8, 9])
        let matrix = inverseAffine(width: 3, height: 3, angle: .pi / 2, shift: (0, 0), scale: 1, shear: 0)
        #expect(affineMotion(matrix, image).pixels == [7, 4, 1, 8, 5, 2, 9, 6, 3])
    }

    @Test func centerCropTakesTheMiddleAndPadsWithBlack() throws {
        let image = Image(width: 4, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(try bytes([.centerCrop(width: 2, height: 2)], on: image, width: 2, height: 2).pixels == [2, 3, 6, 7])
        #expect(
            try bytes([.centerCrop(width: 6, height: 4)], on: image, width: 6, height: 4).pixels
                == [0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 0, 0, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0])
    }

    @Test func randomCropsAreWindowsOfThePaddedImage() throws {
        let image = Image(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
        let padded: [PaddingMode: [[UInt8]]] = [
            .zero: [[0, 0, 0, 0, 0], [0, 1, 2, 3, 0], [0, 4, 5, 6, 0], [0, 0, 0, 0, 0]],
            .reflect: [[5, 4, 5, 6, 5], [2, 1, 2, 3, 2], [5, 4, 5, 6, 5], [2, 1, 2, 3, 2]],
        ]
        for mode in PaddingMode.allCases {
            for mirrored in [false, true] {
                var seen: Set<[UInt8]> = []
                var expected: Set<[UInt8]> = []
                for y in 0...2 {
                    for x in 0...2 {
                        let rows = padded[mode]![y..<y + 2].map { row in
                            let part = Array(row[x..<x + 3])
                            return mirrored ? part.reversed() : part
                        }
                        expected.insert(Array(rows.joined()))
                    }
                }
                for seed in 0..<200 {
                    let steps: [TransformStep] = [
                        .randomCrop(width: 3, height: 2, padding: 1, mode: mode),
                        .horizontalFlip(probability: mirrored ? 1 : 0),
                    ]
                    seen.insert(try bytes(steps, on: image, width: 3, height: 2, seed: UInt64(seed)).pixels)
                }
                #expect(seen == expected)
            }
        }
    }

    @Test func cropAfterFlipSeesTheFlippedImage() throws {
        let image = Image(width: 4, height: 1, channels: 1, pixels: [1, 2, 3, 4])
        let steps: [TransformStep] = [
            .horizontalFlip(probability: 1), .centerCrop(width: 2, height: 1), .centerCrop(width: 4, height: 1),
        ]
        #expect(try bytes(steps, on: image, width: 4, height: 1).pixels == [0, 3, 2, 0])
    }

    @Test func fitCoversAndCutsEvenly() throws {
        let image = Image(width: 8, height: 4, channels: 1, pixels: (0..<32).map { UInt8($0 % 8 * 10) })
        let result = try bytes([.fit(width: 4, height: 4, filter: .bilinear)], on: image, width: 4, height: 4)
        #expect(result.pixels.prefix(4) == [20, 30, 40, 50])
    }

    @Test func linesOfPixelsTakeLittleMemory() throws {
        let line = Image(width: 60_000, height: 1, channels: 1, pixels: Array(repeating: 7, count: 60_000))
        for step in [
            TransformStep.resizeShorterSide(to: 256, filter: .bicubic), .fit(width: 224, height: 224, filter: .bicubic),
        ] {
            let result = try bytes([step, .centerCrop(width: 224, height: 224)], on: line, width: 224, height: 224)
            #expect(result.pixels == Array(repeating: 7, count: 224 * 224))
        }
    }

    @Test func imagesOfOtherSizesAreBroughtToTheInput() throws {
        let plan = TransformPlan(
            width: 32, height: 32, channels: 3, training: [], evaluation: [],
            normalization: Normalization(mean: [0, 0, 0], deviation: [1, 1, 1]))
        let values = try Transform(plan, mode: .evaluation)(
            Image(width: 28, height: 28, channels: 1, pixels: Array(repeating: 51, count: 784)))
        #expect(values == Array(repeating: 0.2, count: 32 * 32 * 3))
    }

    @Test func randomResizedCropStaysInsideAndUsesAllOfASmallImage() throws {
        let image = Golden.image("source")
        var seen: Set<[UInt8]> = []
        for seed in 0..<20 {
            let step = TransformStep.randomResizedCrop(
                width: 9, height: 9, scale: [0.08, 1], ratio: [0.75, 1.333], filter: .bilinear)
            seen.insert(try bytes([step], on: image, width: 9, height: 9, seed: UInt64(seed)).pixels)
        }
        #expect(seen.count == 20)
        // No part of ratio 3...4 has the whole area: the middle of the largest allowed one is taken.
        let wide = try bytes(
            [.randomResizedCrop(width: 40, height: 13, scale: [1, 1], ratio: [3, 4], filter: .bilinear)], on: image,
            width: 40, height: 13)
        #expect(wide.pixels == Array(image.pixels[8 * 120..<21 * 120]))
    }

    @Test func normalizationAppliesMeanAndDeviation() throws {
        let plan = TransformPlan.small(
            width: 1, height: 1, channels: 3, padding: 0,
            normalization: Normalization(mean: [0.5, 0.25, 0], deviation: [0.5, 0.25, 2]))
        let values = try Transform(plan, mode: .evaluation)(
            Image(width: 1, height: 1, channels: 3, pixels: [255, 0, 51]))
        #expect(values == [1, -1, 0.1])
    }

    @Test func erasingCoversItsShareAndOnlyInTraining() throws {
        var plan = TransformPlan.small(
            width: 20, height: 20, channels: 1, padding: 0, flipProbability: 0,
            normalization: Normalization(mean: [0], deviation: [1]))
        plan.erasing = RandomErasing(probability: 1, fill: .constant, area: [0.25, 0.25], minimumRatio: 0.5)
        let white = Image(width: 20, height: 20, channels: 1, pixels: Array(repeating: 255, count: 400))
        for seed in 0..<30 {
            let values = try Transform(plan, mode: .training)(white, random: Random(seed: UInt64(seed), purpose: "e"))
            #expect((80...120).contains(values.filter { $0 == 0 }.count))
        }
        let kept = try Transform(plan, mode: .evaluation)(white)
        #expect(kept.allSatisfy { $0 == 1 })
    }

    @Test func plansSurviveJSON() throws {
        var plan = TransformPlan.photographs(side: 224)
        plan.training.append(.colorJitter(brightness: 0.4, contrast: 0.3, saturation: 0.2, hue: 0.1))
        plan.training.append(.affine(degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 5))
        plan.erasing = RandomErasing(probability: 0.25)
        #expect(try JSONDecoder().decode(TransformPlan.self, from: JSONEncoder().encode(plan)) == plan)
    }

    @Test func everyRandomStepRunsOnBothKindsOfImages() throws {
        var plan = TransformPlan.photographs(side: 16)
        plan.training += [
            .colorJitter(brightness: 0.4, contrast: 0.4, saturation: 0.4, hue: 0.1),
            .affine(degrees: 10, translate: [0.1, 0.1], scale: [0.9, 1.1], shear: 5),
        ]
        plan.erasing = RandomErasing(probability: 0.5)
        for name in ["source", "grey"] {
            let transform = try Transform(plan, mode: .training)
            let first = transform(Golden.image(name), random: Random(seed: 3, purpose: "x"))
            #expect(first.allSatisfy { $0.isFinite })
            #expect(first == transform(Golden.image(name), random: Random(seed: 3, purpose: "x")))
            #expect(first != transform(Golden.image(name), random: Random(seed: 4, purpose: "x")))
        }
    }

    @Test func impossiblePlansAreRefusedInOneSentence() {
        var plan = TransformPlan.photographs(side: 8)
        plan.training = [.randomResizedCrop(width: 8, height: 8, scale: [0, 2], ratio: [1, 1], filter: .bicubic)]
        #expect(message { _ = try Transform(plan, mode: .training) }.contains("the scale [0.0, 2.0]"))
        plan = .photographs(side: 8, normalization: Normalization(mean: [0], deviation: [1]))
        #expect(message { _ = try Transform(plan, mode: .training) }.contains("the mean has 1 values for 3 channels"))
    }
}
