import Datasets
import Foundation
import Tensors
import Testing

struct FormatTests {
    static let pictures: [(name: String, bytes: [UInt8])] = [
        ("webp", SmallFiles.webp), ("webpAnimated", SmallFiles.webpAnimated), ("gif", SmallFiles.gif),
        ("gifInterlaced", SmallFiles.gifInterlaced), ("tiffLZW", SmallFiles.tiffLZW), ("bmp24", MadeFiles.bmp24),
        ("bmp8", MadeFiles.bmp8), ("bmpRuns", MadeFiles.bmpRuns), ("bmp32", MadeFiles.bmp32),
        ("tiffPlain", MadeFiles.tiffPlain), ("tiffPlanes", MadeFiles.tiffPlanes),
    ]

    @Test(arguments: pictures.map(\.name))
    func decodesEachFormat(_ name: String) throws {
        let bytes = FormatTests.pictures.first { $0.name == name }!.bytes
        let image = try Image(decoding: bytes, name: name)
        #expect(image == Image(width: 6, height: 4, channels: 3, pixels: SmallFiles.picture))
        let gray = try Image(decoding: bytes, name: name, channels: 1)
        #expect(gray == image.converted(channels: 1))
    }

    @Test func transparencyIsWhite() throws {
        let image = try Image(decoding: SmallFiles.webpAlpha, name: "")
        let animation = try Image(decoding: SmallFiles.gifAnimated, name: "")
        for pixel in 0..<24 {
            let whole = Array(SmallFiles.picture[3 * pixel..<3 * pixel + 3])
            #expect(Array(image.pixels[3 * pixel..<3 * pixel + 3]) == (pixel % 6 < 3 ? whole : [255, 255, 255]))
            #expect(Array(animation.pixels[3 * pixel..<3 * pixel + 3]) == (pixel > 0 ? whole : [255, 255, 255]))
        }
    }

    @Test func paletteOfGreysMakesAGreyImage() throws {
        let file = bmp(
            width: 4, height: 1, bits: 1, palette: [[0, 0, 0], [200, 200, 200]], rows: [0b0101_0000, 0, 0, 0])
        #expect(
            try Image(decoding: file, name: "") == Image(width: 4, height: 1, channels: 1, pixels: [0, 200, 0, 200]))
    }

    @Test func masksAndFewBitsAreScaled() throws {
        let file = bmp(
            width: 2, height: 1, bits: 16, compression: 3, masks: [0xf800, 0x7e0, 0x1f],
            rows: little(0xf800, 2) + little(0x07e0, 2))
        #expect(try Image(decoding: file, name: "").pixels == [255, 0, 0, 0, 255, 0])
        // White is zero, four bits.
        let gray = tiff([(256, [2]), (257, [1]), (258, [4]), (262, [0])], strip: [0x0f])
        #expect(try Image(decoding: gray, name: "").pixels == [255, 0])
    }

    @Test func alphaOfTIFFIsUsedAsItIsMeant() throws {
        func file(_ kind: UInt32) -> [UInt8] {
            tiff([(256, [1]), (257, [1]), (258, [8, 8]), (262, [1]), (277, [2]), (338, [kind])], strip: [100, 51])
        }
        #expect(try Image(decoding: file(0), name: "").pixels == [100])
        // Multiplied already, so only white is added; then not yet, 100 x 51 / 255 + 204.
        #expect(try Image(decoding: file(1), name: "").pixels == [255])
        #expect(try Image(decoding: file(2), name: "").pixels == [224])
    }

    @Test(arguments: pictures.map(\.name))
    func truncatedFilesAreErrors(_ name: String) throws {
        let bytes = FormatTests.pictures.first { $0.name == name }!.bytes
        for length in 0..<bytes.count {
            _ = message {
                let image = try Image(decoding: Array(bytes[..<length]), name: name)
                // What follows the pixels may be missing.
                #expect(image.pixels == SmallFiles.picture, "length \(length) of \(bytes.count)")
            }
        }
        #expect(message { _ = try Image(decoding: Array(bytes[..<(bytes.count / 2)]), name: name) } != "")
    }

    @Test(arguments: pictures.map(\.name))
    func damagedFilesDecodeOrThrowButNeverCrash(_ name: String) {
        let bytes = FormatTests.pictures.first { $0.name == name }!.bytes
        var random = Random(seed: 2, purpose: name)
        for _ in 0..<500 {
            var damaged = bytes
            for _ in 0...random.integer(below: 3) {
                damaged[random.integer(below: bytes.count)] = UInt8(random.integer(below: 256))
            }
            do {
                let image = try Image(decoding: damaged, name: name, maximumPixels: 1 << 20)
                #expect(image.pixels.count == image.width * image.height * image.channels)
            } catch {
                #expect(error is DatasetError)
            }
        }
    }

    private static let heic: [UInt8] = [0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0]
    private static let avif: [UInt8] = [0, 0, 0, 24] + Array("ftypavif".utf8)
    private static let video: [UInt8] = [0, 0, 0, 24] + Array("ftypisom".utf8)
    private static let zeros: [UInt8] = Array(repeating: 0, count: 90)
    private static let raw: [UInt8] = [0x49, 0x49, 42, 0, 16, 0, 0, 0, 0x43, 0x52, 2, 0]
    private static let others: [(bytes: [UInt8], phrase: String)] = [
        ([], "the file is empty"), (heic, "an HEIC image, convert it to PNG or JPEG"), (avif, "an AVIF image"),
        (video, "a video, not an image"), (zeros, "nothing but zero bytes"), (raw, "a camera's raw image"),
        ([0x50, 0x4b, 3, 4, 0, 0], "a zip archive"), ([0, 0, 1, 0, 3, 0, 16, 16], "an icon, convert it"),
        ([1, 2, 3], "expected JPEG, PNG, WebP, GIF, BMP or TIFF"),
    ]
    private static let texts: [(text: String, phrase: String)] = [
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
        ("\n<!DOCTYPE html><html></html>", "an HTML page, not an image"),
        ("<?xml version=\"1.0\"?><svg width=\"3\"/>", "an SVG drawing, convert it to PNG or JPEG"),
        ("<?xml version=\"1.0\"?><a/>", "an XML file, not an image"), ("one, two\n", "a text file, not an image"),
        ("%PDF-1.4", "a PDF document"), ("8BPS", "a Photoshop image"), ("P6\n1 1\n255\n", "a PNM image"),
    ]

    @Test(arguments: others + texts.map { (Array($0.text.utf8), $0.phrase) })
    func filesThatAreNoReadableImagesAreNamed(_ bytes: [UInt8], _ phrase: String) {
        let text = message { _ = try Image(decoding: bytes, name: "x.jpg") }
        #expect(text.hasPrefix("x.jpg: th") && text.contains(phrase) && text.hasSuffix("."), "\(text)")
    }

    @Test func kindsThatAreNotReadAreNamed() {
        let jpeg = tiff([(256, [1]), (257, [1]), (258, [8]), (259, [7]), (262, [1])], strip: [1])
        #expect(
            message { _ = try Image(decoding: jpeg, name: "a.tif") }
                == "a.tif: this is a TIFF image with JPEG compression, which is not read, convert it to PNG or JPEG.")
        let raw = tiff([(254, [1]), (256, [1]), (257, [1]), (258, [8]), (262, [1]), (330, [8])], strip: [1])
        #expect(message { _ = try Image(decoding: raw, name: "a.nef") }.contains("this is a camera's raw image"))
    }
}
