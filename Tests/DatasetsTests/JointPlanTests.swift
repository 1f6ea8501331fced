import Datasets
import Foundation
import Tensors
import Testing

/// The steps of segmentation in plans, files and loaders.
struct JointPlanTests {
    private let plain = Normalization(mean: [0, 0, 0], deviation: [1, 1, 1])
    private let steps: [TransformStep] = [
        .randomResize(scale: [0.5, 2], longSide: 200, shortSide: nil, filter: .bilinear),
        .elastic(strength: 3, smoothness: 20),
        .randomWindow(width: 40, height: 40, classShare: 0.75, fill: [124, 116, 104]), .verticalFlip(probability: 0.5),
        .quarterTurn(probability: 0.5), .publishedPhotometric,
    ]

    private func plan(_ steps: [TransformStep], side: Int = 40) -> TransformPlan {
        TransformPlan(width: side, height: side, channels: 3, training: steps, evaluation: [], normalization: plain)
    }

    @Test func plansSurviveJSONAndOldOnesAreRead() throws {
        let plan = plan(steps)
        #expect(try JSONDecoder().decode(TransformPlan.self, from: JSONEncoder().encode(plan)) == plan)
        let old = #"[{"horizontalFlip":{"probability":0.5}},{"centerCrop":{"width":3,"height":4}}]"#
        let read = try JSONDecoder().decode([TransformStep].self, from: Data(old.utf8))
        #expect(read == [.horizontalFlip(probability: 0.5), .centerCrop(width: 3, height: 4)])
    }

    @Test func impossibleStepsAreRefused() {
        let faults: [(TransformStep, String)] = [
            (.randomResize(scale: [0, 1], longSide: nil, shortSide: nil, filter: .bilinear), "the scale"),
            (.randomResize(scale: [1, 99], longSide: nil, shortSide: nil, filter: .bilinear), "the scale"),
            (.randomResize(scale: [1, 1], longSide: 1 << 20, shortSide: nil, filter: .bilinear), "pixels"),
            (.randomWindow(width: 8, height: 8, classShare: 1.5, fill: [0]), "class share"),
            (.randomWindow(width: 8, height: 8, classShare: 1, fill: []), "fill"),
            (.quarterTurn(probability: 2), "probability"), (.elastic(strength: 1, smoothness: 0), "smoothness"),
            (.elastic(strength: -1, smoothness: 9), "displacement"),
            (.elastic(strength: .nan, smoothness: 9), "displacement"),
            (.photometric(brightness: 900, contrast: [1, 1], saturation: [1, 1], hue: 0), "brightness"),
            (.photometric(brightness: 9, contrast: [1], saturation: [1, 1], hue: 0), "contrast"),
        ]
        for (step, word) in faults {
            let problem = message { _ = try Transform(plan([step]), mode: .training) }
            #expect(problem.contains(word), "\(step): \(problem)")
        }
    }

    @Test func stepsRunOnImagesOfEveryShape() throws {
        let transform = try Transform(plan(steps), mode: .training)
        for (width, height) in [(1, 1), (1, 300), (300, 2), (37, 91)] {
            for channels in [1, 3] {
                let pixels = (0..<width * height * channels).map { UInt8($0 % 256) }
                let image = Image(width: width, height: height, channels: channels, pixels: pixels)
                for seed in 0..<6 {
                    let random = Random(seed: UInt64(seed), purpose: "shape")
                    let (first, motion) = transform.moved(image, random: random)
                    #expect(first.count == 4800 && first.allSatisfy { 0...1 ~= $0 } && motion.target == Pair(40, 40))
                    #expect(transform(image, random: random) == first)
                }
            }
        }
    }

    @Test func colorsAreDistortedWithinTheirLimits() throws {
        let image = Image(width: 1, height: 1, channels: 3, pixels: [200, 100, 50])
        func color(_ step: TransformStep, _ seed: Int) throws -> [Int] {
            let transform = try Transform(plan([step], side: 1), mode: .training)
            return transform(image, random: Random(seed: UInt64(seed), purpose: "color")).map {
                Int(($0 * 255).rounded())
            }
        }
        var seen: Set<[Int]> = []
        for seed in 0..<60 {
            let bright = try color(.photometric(brightness: 32, contrast: [1, 1], saturation: [1, 1], hue: 0), seed)
            #expect(zip(bright, [200, 100, 50]).allSatisfy { abs($0 - $1) <= 32 && $0 - $1 == bright[0] - 200 })
            // Without saturation the largest channel is left; with much of it the smallest is 0.
            let gray = try color(
                .photometric(brightness: 0, contrast: [1, 1], saturation: [1e-6, 1e-6], hue: 0), seed)
            #expect(gray == [200, 200, 200] || gray == [200, 100, 50])
            let pure = try color(.photometric(brightness: 0, contrast: [1, 1], saturation: [9, 9], hue: 0), seed)
            #expect(pure == [200, 67, 0] || pure == [200, 100, 50])
            let half = try color(.photometric(brightness: 0, contrast: [0.5, 0.5], saturation: [1, 1], hue: 0), seed)
            #expect(half == [100, 50, 25] || half == [200, 100, 50])
            seen.insert(try color(.publishedPhotometric, seed))
        }
        #expect(seen.count > 40)
    }

    private struct Masks: Targets {
        let masks: [Mask]
        func part(_ range: Range<Int>) -> Masks { Masks(masks: Array(masks[range])) }
    }

    private struct MaskCollator: Collator {
        func collate(_ annotations: [Mask], _ images: ImageBatch, _ random: inout Random) -> Masks {
            Masks(masks: annotations)
        }
    }

    /// The loader hands the annotation to the step that chooses a window.
    @Test func loadersChooseWindowsByTheirMasks() throws {
        let scenes = try DigitScenes(.train, count: 60).masks
        func crowded(_ share: Double) throws -> Int {
            let step = TransformStep.randomWindow(width: 40, height: 40, classShare: share, fill: [0])
            let loader = BatchLoader(
                scenes, transform: try Transform(plan([step]), mode: .training), collator: MaskCollator(),
                options: LoaderOptions(batchSize: 20))
            var crowded = 0
            loader.start(epoch: 0)
            while let batch = try loader.next() {
                for (row, mask) in batch.targets.masks.enumerated() {
                    #expect(mask.size == Pair(40, 40), "\(row)")
                    if let share = mask.commonestShare, share < 0.9 { crowded += 1 }
                }
            }
            return crowded
        }
        let (free, chosen) = (try crowded(1e-9), try crowded(0.9))
        #expect(chosen > free + 8, "\(free) \(chosen)")
    }
}
