import Datasets
import Foundation
import Tensors
import Testing

/// A BMP file of 40 bytes of header.
func bmp(
    width: Int, height: Int, bits: Int, compression: Int = 0, masks: [UInt32] = [], palette: [[UInt8]] = [],
    rows: [UInt8]
) -> [UInt8] {
    let table = masks.flatMap { little($0, 4) } + palette.flatMap { $0.reversed() + [0] }
    let offset = 54 + table.count
    let sides = little(UInt32(bitPattern: Int32(width)), 4) + little(UInt32(bitPattern: Int32(height)), 4)
    let header = little(40, 4) + sides + little(1, 2) + little(UInt32(bits), 2) + little(UInt32(compression), 4)
    return Array("BM".utf8) + little(UInt32(offset + rows.count), 4) + little(0, 4) + little(UInt32(offset), 4)
        + header + little(0, 12) + little(UInt32(palette.count), 4) + little(0, 4) + table + rows
}

func little(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 4 ? UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) : 0 }
}

/// A little-endian TIFF file of one strip unless `entries`, (tag, values) all of them LONG, say where the parts are.
func tiff(_ entries: [(tag: Int, values: [UInt32])], strip: [UInt8]) -> [UInt8] {
    var values: [UInt8] = []
    let places: [(tag: Int, values: [UInt32])] = [(273, [8]), (279, [UInt32(strip.count)])]
    let isPlaced = entries.contains { $0.tag == 273 || $0.tag == 324 }
    let all = (entries + (isPlaced ? [] : places)).sorted { $0.tag < $1.tag }
    let start = 8 + strip.count
    let valuesStart = start + 2 + 12 * all.count + 4
    var directory = little(UInt32(all.count), 2)
    for (tag, numbers) in all {
        directory += little(UInt32(tag), 2) + little(4, 2) + little(UInt32(numbers.count), 4)
        if numbers.count == 1 {
            directory += little(numbers[0], 4)
        } else {
            directory += little(UInt32(valuesStart + values.count), 4)
            values += numbers.flatMap { little($0, 4) }
        }
    }
    return [0x49, 0x49, 42, 0] + little(UInt32(start), 4) + strip + directory + little(0, 4) + values
}

struct FormatTests {
    static let pictures: [(name: String, bytes: [UInt8])] = [
        ("webp", SmallFiles.webp), ("webpAnimated", SmallFiles.webpAnimated), ("gif", SmallFiles.gif),
        ("gifInterlaced", SmallFiles.gifInterlaced), ("tiffLZW", SmallFiles.tiffLZW), ("bmp24", bmp24),
        ("bmp8", bmp8), ("bmpRuns", bmpRuns), ("bmp32", bmp32), ("tiffPlain", tiffPlain), ("tiffPlanes", tiffPlanes),
    ]

    private static let rows = stride(from: 0, to: 72, by: 18).map { Array(SmallFiles.picture[$0..<$0 + 18]) }
    private static let colors = (0..<24).map { Array(SmallFiles.picture[3 * $0..<3 * $0 + 3]) }
    private static var bmp24: [UInt8] {
        let stored = rows.reversed().map { row in
            stride(from: 0, to: 18, by: 3).flatMap { [row[$0 + 2], row[$0 + 1], row[$0]] } + [0, 0]
        }
        return bmp(width: 6, height: 4, bits: 24, rows: Array(stored.joined()))
    }
    /// From the top downward.
    private static var bmp32: [UInt8] {
        let stored = colors.flatMap { [$0[2], $0[1], $0[0], 0] }
        return bmp(width: 6, height: -4, bits: 32, rows: stored)
    }
    private static var bmp8: [UInt8] {
        let stored = (0..<4).reversed().flatMap { y in (0..<6).map { UInt8(6 * y + $0) } + [0, 0] }
        return bmp(width: 6, height: 4, bits: 8, palette: colors, rows: stored)
    }
    /// Literal pixels, a run, a leap over nothing, and the end of the picture.
    private static var bmpRuns: [UInt8] {
        let stored = (0..<4).reversed().flatMap { y -> [UInt8] in
            let first = UInt8(6 * y)
            return [0, 5] + (first..<first + 5) + [0, 1, first + 5, 0, 0]
        }
        return bmp(width: 6, height: 4, bits: 8, compression: 1, palette: colors, rows: stored + [0, 1])
    }
    private static let size: [(tag: Int, values: [UInt32])] = [(256, [6]), (257, [4]), (277, [3])]
    private static var tiffPlain: [UInt8] {
        tiff(size + [(258, [8, 8, 8]), (262, [2])], strip: SmallFiles.picture)
    }
    /// 16 bits, each sample in a plane of its own.
    private static var tiffPlanes: [UInt8] {
        let planes = (0..<3).map { c in colors.flatMap { [$0[c], $0[c]] } }
        let offsets = (0..<3).map { UInt32(8 + 48 * $0) }
        var entries = size + [(258, [16, 16, 16]), (262, [2]), (284, [2]), (278, [4])]
        entries += [(273, offsets), (279, [48, 48, 48])]
        return tiff(entries, strip: Array(planes.joined()))
    }

    @Test(arguments: pictures.map(\.name))
    func decodesEachFormat(_ name: String) throws {
        let bytes = FormatTests.pictures.first { $0.name == name }!.bytes
        let image = try Image(decoding: bytes, name: name)
        #expect(image == Image(width: 6, height: 4, channels: 3, pixels: SmallFiles.picture))
        let grey = try Image(decoding: bytes, name: name, channels: 1)
        #expect(grey == image.converted(channels: 1))
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
        let grey = tiff([(256, [2]), (257, [1]), (258, [4]), (262, [0])], strip: [0x0f])
        #expect(try Image(decoding: grey, name: "").pixels == [255, 0])
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

    @Test(arguments: [
        ([], "the file is empty"),
        (Array("version https://git-lfs.github.com/spec/v1\noid sha256:1\n".utf8), "git lfs pull"),
        (Array("\n<!DOCTYPE html><html></html>".utf8), "an HTML page, not an image"),
        (Array("<?xml version=\"1.0\"?><svg width=\"3\"/>".utf8), "an SVG drawing, convert it to PNG or JPEG"),
        (Array("<?xml version=\"1.0\"?><a/>".utf8), "an XML file, not an image"),
        (Array("one, two\n".utf8), "a text file, not an image"), (Array("%PDF-1.4".utf8), "a PDF document"),
        ([0x50, 0x4b, 3, 4, 0, 0], "a zip archive"), (Array(repeating: 0, count: 90), "nothing but zero bytes"),
        ([0, 0, 0, 24] + Array("ftypheic".utf8) + [0, 0, 0, 0], "an HEIC image, convert it to PNG or JPEG"),
        ([0, 0, 0, 24] + Array("ftypavif".utf8), "an AVIF image"), ([0, 0, 0, 24] + Array("ftypisom".utf8), "a video"),
        (Array("8BPS".utf8) + [0, 1], "a Photoshop image"), (Array("P6\n1 1\n255\n".utf8), "a PNM image"),
        ([0x49, 0x49, 42, 0, 16, 0, 0, 0, 0x43, 0x52, 2, 0], "a camera's raw image"),
        ([1, 2, 3], "expected JPEG, PNG, WebP, GIF, BMP or TIFF"),
    ])
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
