import Datasets
import Testing

/// Which way up a picture is, said outside of EXIF or in several places.
struct OrientationTests {
    private let picture = Image(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])
    /// Turned by orientation 6 and 8.
    private let turned6 = Image(width: 2, height: 3, channels: 1, pixels: [4, 1, 5, 2, 6, 3])
    private let turned8 = Image(width: 2, height: 3, channels: 1, pixels: [3, 6, 2, 5, 1, 4])

    private func png(_ chunks: [[UInt8]], atEnd: Bool = false) throws -> [UInt8] {
        let file = try picture.encodedAsPNG()
        let place = atEnd ? file.count - 12 : 33
        return Array(file[..<place]) + Array(chunks.joined()) + Array(file[place...])
    }

    private func xmp(_ text: String) -> [UInt8] { pngChunk("iTXt", Array("XML:com.adobe.xmp\0\0\0\0\0\(text)".utf8)) }
    /// TIFF block with the orientation.
    private func exif(_ value: UInt8) -> [UInt8] {
        [0x4d, 0x4d, 0, 42, 0, 0, 0, 8, 0, 1, 1, 0x12, 0, 3, 0, 0, 0, 1, 0, value, 0, 0, 0, 0, 0, 0]
    }

    @Test(arguments: [
        "<a tiff:Orientation=\"6\"/>", "<a tiff:Orientation = '6'/>", "<tiff:Orientation>6</tiff:Orientation>",
        "<tiff:Orientation> 6 </tiff:Orientation>", "<a tiff:Orientation=\"9\"/><b tiff:Orientation=\"6\"/>",
    ])
    func xmpTurnsAPicture(_ text: String) throws {
        #expect(try Image(decoding: png([xmp(text)]), name: "") == turned6)
        // What comes behind the pixels counts as well.
        #expect(try Image(decoding: png([xmp(text)], atEnd: true), name: "") == turned6)
    }

    @Test(arguments: ["<a/>", "<a tiff:Orientation=\"0\"/>", "<a tiff:Orientation=\"16\"/>", "<a tiff:Orientation", ""])
    func otherXMPTurnsNothing(_ text: String) throws {
        #expect(try Image(decoding: png([xmp(text)]), name: "") == picture)
    }

    @Test func exifWinsWhereItSaysSomething() throws {
        let text = xmp("<a tiff:Orientation=\"6\"/>")
        #expect(try Image(decoding: png([text, pngChunk("eXIf", exif(8))]), name: "") == turned8)
        #expect(try Image(decoding: png([pngChunk("eXIf", exif(1)), text]), name: "") == picture)
        // 0 and 9 mean nothing, nor does a chunk whose checksum is wrong.
        #expect(try Image(decoding: png([pngChunk("eXIf", exif(0)), text]), name: "") == turned6)
        var damaged = pngChunk("eXIf", exif(8))
        damaged[damaged.count - 1] ^= 1
        #expect(try Image(decoding: png([damaged]), name: "") == picture)
    }

    @Test func webPAndTIFFAreTurned() throws {
        let whole = Image(width: 6, height: 4, channels: 3, pixels: SmallFiles.picture)
        let six = try Image(decoding: SmallFiles.webpExif6, name: "")
        let eight = try Image(decoding: SmallFiles.webpXMP8, name: "")
        #expect(six.width == 4 && six.height == 6 && eight.width == 4)
        func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
            Array(image.pixels[3 * (y * image.width + x)..<3 * (y * image.width + x) + 3])
        }
        for y in 0..<4 {
            for x in 0..<6 {
                #expect(pixel(six, 3 - y, x) == pixel(whole, x, y))
                #expect(pixel(eight, y, 5 - x) == pixel(whole, x, y))
            }
        }
        let half = try Image(decoding: SmallFiles.tiffDeflate, name: "")
        #expect(pixel(half, 0, 0) == pixel(whole, 5, 3) && pixel(half, 5, 3) == pixel(whole, 0, 0))
    }

    @Test func xmpOfAJPEGTurnsIt() throws {
        let bytes = Golden.file("exif1.jpg")
        let upright = try Image(decoding: bytes, name: "")
        // EXIF is taken out of the way by another name.
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("Exif".utf8)) })
        var hidden = bytes
        hidden[place] = 0x65
        let body = Array("http://ns.adobe.com/xap/1.0/\0<a tiff:Orientation=\"3\"/>".utf8)
        let segment = [0xff, 0xe1, 0, UInt8(body.count + 2)] + body
        let turned = try Image(decoding: Array(hidden[..<2]) + segment + hidden[2...], name: "")
        #expect(turned.pixels.prefix(3) == upright.pixels.suffix(3))
        #expect(try Image(decoding: Array(bytes[..<2]) + segment + bytes[2...], name: "") == upright)
    }

    @Test func headersAloneGiveTheUprightShape() throws {
        try withTemporaryFolder { folder in
            try write(SmallFiles.webpExif6, to: folder + "/a/x.webp")
            try write(Golden.file("exif6.png"), to: folder + "/a/y.png")
            try write(SmallFiles.tiffLZW, to: folder + "/a/z.tif")
            let data = try ImageFolder(folder)
            for index in 0..<data.count {
                let image = try data.image(index)
                let shape = ImageShape(width: image.width, height: image.height, channels: image.channels)
                #expect(try data.shape(index) == shape)
            }
        }
    }
}
