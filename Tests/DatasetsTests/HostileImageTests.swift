import Datasets
import Testing

/// Small files that claim or hold much: refused from their headers, or read at little cost.
struct HostileImageTests {
    private func quickly(_ body: () -> Void) -> Bool {
        ContinuousClock().measure(body) < .seconds(10)
    }

    @Test func aLineOfPixelsIsRefusedFromItsHeader() {
        let file = blackPNG(width: 1, height: 1 << 28, packed: 1000)
        #expect(
            message { _ = try Image(decoding: file, name: "line.png") }
                == "line.png: the image is too large: 1 x 268435456 pixels are more than the limit of 67108864.")
    }

    @Test func whatDecodingTakesIsBounded() throws {
        // Few enough pixels, but all of an interlaced picture is held.
        let interlaced = blackPNG(width: 8192, height: 8192, bits: 16, colour: 6, isInterlaced: true, packed: 1000)
        let text = message { _ = try Image(decoding: interlaced, name: "a.png") }
        #expect(text.contains("8192 x 8192 pixels of this kind would take") && text.contains("the limit is 400"))
        for (width, height) in [(1 << 26, 1), (1, 1 << 26)] {
            let line = blackPNG(width: width, height: height, packed: 1000)
            #expect(
                message { _ = try Image(decoding: line, name: "a.png") }
                    == "a.png: the image is too large: a side of 67108864 pixels is more than the limit of 1048576.")
        }
        // One tile as large as it may be written.
        let tile = tiff(
            [
                (256, [1]), (257, [1]), (258, [8]), (259, [8]), (322, [1 << 20]), (323, [1 << 20]), (324, [8]),
                (325, [9]),
            ],
            strip: packedZeros(1000))
        #expect(message { _ = try Image(decoding: tile, name: "a.tif") }.contains("the limit is 400"))
    }

    @Test func otherFormatsClaimNoMoreThanTheyMay() {
        let rows = bmp(width: 60_000, height: 60_000, bits: 1, palette: [[0, 0, 0]], rows: [0])
        #expect(message { _ = try Image(decoding: rows, name: "a") }.contains("more than the limit of 67108864"))
        var gif = SmallFiles.gif
        for position in 6..<10 { gif[position] = 0xff }
        #expect(message { _ = try Image(decoding: gif, name: "a") }.contains("more than the limit of 67108864"))
        var webp = SmallFiles.webpExif6
        for position in 24..<30 { webp[position] = 0xff }
        #expect(message { _ = try Image(decoding: webp, name: "a") } != "")
    }

    @Test func packedTextsInPNGAreNotUnpacked() throws {
        let bomb = packedZeros(8 << 20)
        let text = pngChunk("zTXt", Array("a\0\0".utf8) + bomb)
        let xmp = pngChunk("iTXt", Array("XML:com.adobe.xmp\0\u{1}\0\0\0".utf8) + bomb)
        let profile = pngChunk("iCCP", Array("a\0\0".utf8) + bomb)
        // 900 of 8 MB each would be 7 GB.
        let texts = text + xmp
        var extra: [UInt8] = []
        for _ in 0..<450 { extra += texts }
        extra += profile
        let file = blackPNG(width: 8, height: 8, colour: 2, extra: extra)
        var image: Image?
        #expect(quickly { image = try? Image(decoding: file, name: "a.png") })
        #expect(image?.pixels == Array(repeating: 0, count: 192))
    }

    @Test func scansOfAProgressiveJPEGAreCounted() throws {
        let file = SmallFiles.jpegProgressive
        let last = try #require(file.indices.dropLast().last { file[$0] == 0xff && file[$0 + 1] == 0xda })
        let scan = Array(file[last..<(file.count - 2)])
        func repeated(_ count: Int) -> [UInt8] {
            Array(file.dropLast(2)) + Array(repeatElement(scan, count: count).joined()) + file.suffix(2)
        }
        #expect(try Image(decoding: repeated(100), name: "a.jpg").width == 16)
        #expect(
            message { _ = try Image(decoding: repeated(600), name: "a.jpg") }
                == "a.jpg: the image is too large: it goes over its 16 x 16 pixels more than 500 times.")
    }

    @Test func manySegmentsOfEXIFCostLittle() throws {
        let segment = [0xff, 0xe1, 0xff, 0xff] + Array("Exif\0\0".utf8) + [UInt8](repeating: 0, count: 65_527)
        let file = SmallFiles.jpegProgressive
        var long = Array(file[..<2])
        for _ in 0..<1000 { long += segment }
        long += file[2...]
        #expect(quickly { _ = try? Image(decoding: long, name: "a.jpg") })
        #expect(try Image(decoding: long, name: "a.jpg") == Image(decoding: file, name: "a.jpg"))
    }
}
