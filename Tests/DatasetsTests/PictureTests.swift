import Datasets
import Foundation
import Tensors
import Testing

/// What `Resources/bicubic.json` holds.
private struct Bicubic: Decodable {
    let image: Golden.Picture
    let resized: [Golden.Picture]

    static func read() throws -> Bicubic {
        let url = Bundle.module.url(forResource: "bicubic", withExtension: "json", subdirectory: "Resources")
        return try JSONDecoder().decode(Bicubic.self, from: Data(contentsOf: #require(url)))
    }
}

extension Golden.Picture {
    fileprivate var image: Image {
        Image(width: width, height: height, channels: channels, pixels: [UInt8](pixels))
    }
}

/// One image.
private struct Single: ImageDataset {
    let image: Image
    var count: Int { 1 }
    func image(_ index: Int) -> Image { image }
    func name(_ index: Int) -> String { "single" }
}

private func noise(_ width: Int, _ height: Int, channels: Int = 3) -> Image {
    var random = Random(seed: 5, purpose: "noise")
    let pixels = (0..<width * height * channels).map { _ in UInt8(random.integer(below: 256)) }
    return Image(width: width, height: height, channels: channels, pixels: pixels)
}

@Suite struct PictureTests {
    @Test func bicubicResizingGivesPillowsBytes() throws {
        let golden = try Bicubic.read()
        #expect(golden.resized.count == 6)
        for expected in golden.resized {
            let size = Pair(expected.height, expected.width)
            #expect(golden.image.image.resized(to: size, filter: .bicubic) == expected.image, "\(size)")
        }
    }

    @Test func smallImagesAreReducedFromWhatIsLeftOfTheLargeOnes() throws {
        let image = noise(19, 14)
        let pairs = PicturePairs(Single(image: image), scale: 3)
        let large = try pairs.annotation(0).image
        #expect(large.size == Pair(12, 18))
        #expect(large.pixels[3 * 18..<3 * 18 + 6] == image.pixels[3 * 19..<3 * 19 + 6])
        #expect(try pairs.image(0) == large.resized(to: Pair(4, 6), filter: .bicubic))
        #expect(try pairs.shape(0) == ImageShape(width: 6, height: 4, channels: 3))
    }

    @Test func grayImagesCountAsColoredOnes() throws {
        let pairs = PicturePairs(Single(image: noise(8, 8, channels: 1)), scale: 2)
        #expect(try pairs.annotation(0).image == noise(8, 8, channels: 1).converted(channels: 3))
        #expect(try pairs.image(0).channels == 3)
    }

    @Test func imagesOfNoPixelAfterReducingAreRefused() {
        let pairs = PicturePairs(Single(image: noise(8, 2)), scale: 3)
        #expect(throws: DatasetError.self) { try pairs.image(0) }
    }

    /// Windows, flips and turns of the small image are the same ones of the large image, pixel by pixel: what is made small
    /// before is what is made small afterwards.
    @Test(arguments: [2, 3, 4])
    func largeImagesMoveWithSmallOnes(scale: Int) throws {
        let (width, height) = (13, 9)
        // Each pixel of the small image is a square of one color.
        let small = noise(width, height)
        let pixels = (0..<height * scale).flatMap { y in
            (0..<width * scale).flatMap { x in
                let at = 3 * (y / scale * width + x / scale)
                return Array(small.pixels[at..<at + 3])
            }
        }
        let large = Image(width: width * scale, height: height * scale, channels: 3, pixels: pixels)
        let steps: [TransformStep] = [
            .randomWindow(width: 6, height: 5, classShare: 1, fill: [0]), .horizontalFlip(probability: 0.5),
            .verticalFlip(probability: 0.5), .quarterTurn(probability: 0.75),
        ]
        for seed in 0..<40 {
            var random = Random(seed: UInt64(seed), purpose: "moves")
            let (moved, motion) = movedOnCanvas(small) { canvas in
                for step in steps { step.apply(to: &canvas, &random) }
            }
            let picture = Picture(large, scale: scale).moved(by: motion)
            #expect(picture.smallSize == moved.size)
            for y in 0..<moved.height * scale {
                for x in 0..<moved.width * scale {
                    let (at, from) = (
                        3 * (y * moved.width * scale + x), 3 * (y / scale * moved.width + x / scale)
                    )
                    #expect(picture.image.pixels[at..<at + 3] == moved.pixels[from..<from + 3])
                }
            }
        }
    }

    @Test func everyFolderOfImagesIsData() throws {
        try withTemporaryFolder { root in
            for name in ["a/b/1.png", "a/2.png", "3.png"] + (4..<24).map({ "c/\($0).png" }) {
                try write(noise(24, 16).encodedAsPNG(), to: "\(root)/\(name)")
            }
            let splits = try PictureData.open(PictureDataOptions(path: root, scale: 2))
            #expect(splits.train.count + (splits.validation?.count ?? 0) + (splits.test?.count ?? 0) == 23)
            #expect(splits.classNames == ["red", "green", "blue"])
            #expect(try splits.train.image(0).size == Pair(8, 12))
            for name in ["train/1.png", "train/x/2.png", "val/1.png", "test/1.png"] {
                try write(noise(24, 16).encodedAsPNG(), to: "\(root)/parted/\(name)")
            }
            let parted = try PictureData.open(PictureDataOptions(path: root + "/parted", scale: 3))
            #expect(parted.train.count == 2 && parted.validation?.count == 1 && parted.test?.count == 1)
        }
    }

    @Test func digitsAreEnlargedFirst() throws {
        let splits = try PictureData.open(PictureDataOptions(path: "digits", scale: 2))
        #expect(try splits.train.image(0).size == Pair(12, 12))
        #expect(try splits.train.annotation(0).image.size == Pair(24, 24))
        #expect(splits.test?.count == 360)
    }

    @Test func foldersWithoutImagesAreRefused() throws {
        try withTemporaryFolder { root in
            try FileManager.default.createDirectory(atPath: root + "/x", withIntermediateDirectories: true)
            for path in [root, root + "/none"] {
                #expect(throws: DatasetError.self) { try PictureData.open(PictureDataOptions(path: path, scale: 2)) }
            }
        }
    }
}
