import Datasets
import Foundation
import Tensors
import Testing

/// How images of another shape get the input's.
struct FittingTests {
    private func bytes(_ steps: [TransformStep], on image: Image, width: Int, height: Int) throws -> [UInt8] {
        let plan = TransformPlan(
            width: width, height: height, channels: image.channels, training: [], evaluation: steps,
            normalization: Normalization(
                mean: Array(repeating: 0, count: image.channels),
                deviation: Array(repeating: 1 / 255, count: image.channels)))
        return try Transform(plan, mode: .evaluation)(image).map { UInt8($0.rounded()) }
    }

    private func step(_ fit: ImageFit, _ width: Int, _ height: Int, fill: [UInt8] = [9]) -> TransformStep {
        fit.step(width: width, height: height, filter: .bilinear, fill: fill)
    }

    @Test func paddingKeepsAllOfAnImageAndFillsBothSides() throws {
        let wide = Image(width: 4, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(
            try bytes([step(.pad, 4, 4)], on: wide, width: 4, height: 4)
                == [9, 9, 9, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 9])
        let high = Image(width: 1, height: 2, channels: 3, pixels: [1, 2, 3, 4, 5, 6])
        #expect(
            try bytes([step(.pad, 3, 2, fill: [7, 8, 9])], on: high, width: 3, height: 2)
                == [7, 8, 9, 1, 2, 3, 7, 8, 9, 7, 8, 9, 4, 5, 6, 7, 8, 9])
        // An image of the input's shape is not touched.
        #expect(try bytes([step(.pad, 4, 2)], on: wide, width: 4, height: 2) == wide.pixels)
    }

    @Test func paddingHoldsForLinesOfPixels() throws {
        let line = Image(width: 50_000, height: 1, channels: 1, pixels: Array(repeating: 200, count: 50_000))
        let result = try bytes([step(.pad, 8, 8)], on: line, width: 8, height: 8)
        #expect(result.filter { $0 == 200 }.count == 8 && result.filter { $0 == 9 }.count == 56)
    }

    @Test func stretchingChangesTheRatioAndCroppingCuts() throws {
        let image = Image(width: 4, height: 2, channels: 1, pixels: [0, 0, 100, 100, 0, 0, 100, 100])
        #expect(try bytes([step(.stretch, 2, 2)], on: image, width: 2, height: 2) == [14, 86, 14, 86])
        #expect(try bytes([step(.crop, 2, 2)], on: image, width: 2, height: 2) == [0, 100, 0, 100])
    }

    @Test func whatCroppingCostsIsAPartOfTheArea() {
        func lost(_ width: Int, _ height: Int) -> Double {
            ImageFit.crop.lostPart(of: ImageShape(width: width, height: height, channels: 3), width: 32, height: 32)
        }
        #expect(lost(50, 50) == 0 && lost(160, 40) == 0.75 && lost(40, 160) == 0.75 && lost(4, 3) == 0.25)
        let shapes = ImageShapes([
            ImageShape(width: 4, height: 1, channels: 3): 1, ImageShape(width: 4, height: 3, channels: 3): 2,
            ImageShape(width: 8, height: 8, channels: 1): 1,
        ])
        let cost = CroppingCost(shapes, fit: .crop, width: 32, height: 32)
        #expect(cost?.mean == 0.3125 && cost?.median == 0.25 && cost?.largest == 0.75)
        #expect(CroppingCost(shapes, fit: .pad, width: 32, height: 32)?.largest == 0)
        #expect(CroppingCost(ImageShapes([:]), fit: .crop, width: 1, height: 1) == nil)
    }

    @Test func plansWithPaddingSurviveJSON() throws {
        var plan = TransformPlan.photographs(side: 16)
        plan.evaluation = [.pad(width: 16, height: 16, filter: .bicubic, fill: [1, 2, 3])]
        #expect(try JSONDecoder().decode(TransformPlan.self, from: JSONEncoder().encode(plan)) == plan)
        plan.evaluation = [.pad(width: 16, height: 16, filter: .bicubic, fill: [])]
        #expect(plan.problem?.contains("fill") == true)
    }

    @Test func thePlanIsToldInWords() {
        var plan = TransformPlan.photographs(side: 16)
        #expect(
            plan.evaluationDescription
                == "decode the image upright to RGB bytes; resize the shorter side to 18 (bicubic); cut the middle 16x16; "
                + "(value / 255 - mean) / deviation with mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225")
        plan.evaluation = [.fit(width: 16, height: 16, filter: .bilinear)]
        #expect(
            plan.evaluationDescription.contains("resize until 16x16 is covered (bilinear) and cut to the middle;"))
    }

    @Test func statisticsOfLargeInputsTakeLittleTime() throws {
        let images = (0..<40).map { index in
            Image(width: 2, height: 2, channels: 1, pixels: [0, 255, 0, UInt8(index)])
        }
        let data = InMemoryDataset(
            classNames: ["a"], images: images, labels: Array(repeating: 0, count: 40), source: "test")
        let clock = ContinuousClock()
        var large: Normalization?
        let time = try clock.measure {
            large = try Normalization.measured(on: data, width: 8192, height: 8192, channels: 1)
        }
        #expect(time < .seconds(5))
        let usual = try Normalization.measured(on: data, width: 256, height: 256, channels: 1)
        #expect(large == usual)
    }
}

/// The size of the input where none was asked for.
struct InputSizeTests {
    private func shapes(_ sizes: [(Int, Int)]) -> ImageShapes {
        ImageShapes(
            Dictionary(
                sizes.map { (ImageShape(width: $0.0, height: $0.1, channels: 3), 1) }, uniquingKeysWith: +))
    }

    @Test func oneSizeIsTakenAsItIs() {
        for size in [(8, 8), (48, 40), (256, 256), (512, 300)] {
            let input = InputSize(for: shapes([size, size]))
            #expect(input.width == size.0 && input.height == size.1 && input.notice == nil)
        }
    }

    @Test func differentSizesGiveAUsualSquareAndANotice() {
        let input = InputSize(for: shapes([(2000, 1500), (64, 48), (60, 50), (48, 64), (64, 70)]))
        #expect(input.width == 48 && input.height == 48)
        #expect(
            input.notice
                == "The images differ in size (60x50 to 2000x1500, median 64x64), so 48x48 is taken; data.imageSize chooses "
                + "another.")
        #expect(InputSize(for: shapes([(500, 375), (375, 500), (333, 500)])).width == 224)
        #expect(InputSize(for: shapes([(20, 20), (21, 21)])).width == 32)
    }

    @Test func oneLargeSizeIsMadeSmallerWithANotice() {
        let input = InputSize(for: shapes([(4000, 3000)]))
        #expect(input.width == 224 && input.height == 224)
        #expect(
            input.notice
                == "The images are 4000x3000, large for an input, so 224x224 is taken; data.imageSize chooses another.")
    }

    @Test func brokenImagesAreLeftToTheDecoder() throws {
        try withTemporaryFolder { folder in
            try write([1, 2, 3], to: folder + "/a/0.png")
            try write(Golden.file("rgb.png"), to: folder + "/a/1.png")
            try write(Golden.file("grey.png"), to: folder + "/a/2.png")
            let found = try ImageShapes(of: ImageFolder(folder))
            #expect(found.counts.values.reduce(0, +) == 2 && found.channels == 3)
            #expect(throws: DatasetError.self) {
                try ImageShapes(of: SubsetDataset(ImageFolder(folder), indices: [0]))
            }
        }
    }
}
