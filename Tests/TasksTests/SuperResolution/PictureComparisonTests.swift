import Datasets
import Foundation
import Tasks
import Tensors
import Testing

/// What `Resources/picture_metrics.json` holds: two images, and what plain loops over windows in Python find.
private struct Reference: Decodable {
    struct Picture: Decodable {
        let width: Int
        let height: Int
        let pixels: Data
        var image: Image { Image(width: width, height: height, channels: 3, pixels: [UInt8](pixels)) }
    }
    struct Border: Decodable {
        let border: Int
        let psnr: Double
        let ssim: Double
    }
    let truth: Picture
    let answer: Picture
    let borders: [Border]

    static func read() throws -> Reference {
        let path = Bundle.module.path(forResource: "picture_metrics", ofType: "json", inDirectory: "Resources")
        return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: URL(fileURLWithPath: #require(path))))
    }
}

@Suite struct PictureComparisonTests {
    @Test func measuresAreThoseOfAPlainCalculation() throws {
        let reference = try Reference.read()
        #expect(reference.borders.count == 3)
        for expected in reference.borders {
            let found = PictureComparison(reference.answer.image, reference.truth.image, border: expected.border)
            #expect(abs(found.peakSignalToNoise - expected.psnr) < 1e-10)
            #expect(abs(found.structuralSimilarity - expected.ssim) < 1e-10)
        }
    }

    @Test func equalImagesAreAsNearAsCanBe() throws {
        let image = try Reference.read().truth.image
        let found = PictureComparison(image, image, border: 2)
        #expect(found.peakSignalToNoise == PictureComparison.most)
        #expect(abs(found.structuralSimilarity - 1) < 1e-12)
    }

    /// One step of gray is 219 / 255 of a step of Y.
    @Test func aShiftOfAllPixelsHasItsRatio() {
        func gray(_ level: UInt8) -> Image {
            Image(width: 16, height: 16, channels: 3, pixels: Array(repeating: level, count: 3 * 256))
        }
        let found = PictureComparison(gray(100), gray(110), border: 2)
        #expect(abs(found.peakSignalToNoise - 20 * log10(255 / (10 * 219 / 255.0))) < 1e-10)
    }
}
