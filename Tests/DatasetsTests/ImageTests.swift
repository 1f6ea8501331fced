import Datasets
import Tensors
import Testing

struct ImageTests {
    @Test(arguments: Golden.fileNames)
    func decodesAsPillowDoes(_ name: String) throws {
        let image = try Image(decoding: Golden.file(name), name: name)
        // One byte level for other versions of the JPEG decoder's chroma interpolation.
        let bound = name.hasSuffix(".jpg") ? 1 : 0
        #expect(largestDifference(image, Golden.image(name)) <= bound)
    }

    @Test func convertsChannelsOnRequest() throws {
        let gray = try Image(decoding: Golden.file("rgb.png"), name: "", channels: 1)
        #expect(gray == Golden.image("grey.png"))
        let color = try Image(decoding: Golden.file("grey.png"), name: "", channels: 3)
        #expect(color.pixels == gray.pixels.flatMap { [$0, $0, $0] })
        // Conversion and orientation together.
        let upright = try Image(decoding: Golden.file("exif6.png"), name: "", channels: 1)
        #expect(upright == Golden.image("exif6.png").converted(channels: 1))
    }

    @Test(arguments: ["source", "grey"])
    func pngEncodingRoundTrips(_ name: String) throws {
        let image = Golden.image(name)
        #expect(try Image(decoding: image.encodedAsPNG(), name: name) == image)
    }

    @Test(arguments: Golden.fileNames)
    func truncatedFilesAreErrorsThatNameTheFile(_ name: String) throws {
        let bytes = Golden.file(name)
        let whole = try Image(decoding: bytes, name: name)
        // The end marker of a JPEG may be missing, and its last bits may only fill a byte. Nothing else may.
        let needed = name.hasSuffix(".jpg") ? bytes.count - 4 : bytes.count
        for length in 0..<bytes.count {
            let text = message {
                let image = try Image(decoding: Array(bytes[..<length]), name: name)
                #expect(length >= needed && image == whole, "length \(length) of \(bytes.count)")
            }
            #expect(length >= needed || text.hasPrefix("\(name): "), "length \(length) of \(bytes.count)")
        }
    }

    @Test(arguments: Golden.fileNames.filter { $0.hasSuffix(".jpg") })
    func aCompleteJPEGNeedsNoEndMarker(_ name: String) throws {
        let bytes = Golden.file(name)
        let whole = try Image(decoding: bytes, name: name)
        #expect(try Image(decoding: Array(bytes.dropLast(2)), name: name) == whole)
        #expect(try Image(decoding: bytes + [1, 2, 3, 0xff, 0xd8], name: name) == whole)
    }

    @Test func aJPEGThatMissesPartOfItsDataIsAnError() {
        let bytes = Golden.file("subsampled.jpg")
        let cut = Array(bytes[..<(bytes.count - 300)] + bytes[(bytes.count - 2)...])
        #expect(message { _ = try Image(decoding: cut, name: "cut.jpg") }.contains("truncated or corrupt"))
    }

    @Test(arguments: Golden.fileNames)
    func damagedFilesDecodeOrThrowButNeverCrash(_ name: String) {
        let bytes = Golden.file(name)
        var random = Random(seed: 1, purpose: name)
        for _ in 0..<300 {
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

    @Test func imagesBeyondThePixelLimitAreRefused() {
        let text = message { _ = try Image(decoding: Golden.file("rgb.png"), name: "big.png", maximumPixels: 95) }
        #expect(text == "big.png: the image is too large: 12 x 8 pixels are more than the limit of 95.")
    }

    @Test func errorsSayWhatTheFileIs() {
        #expect(
            message { _ = try Image(contentsOf: "/no/such.png") }.hasPrefix("/no/such.png: the file cannot be opened"))
        #expect(
            message { _ = try Image(decoding: [1, 2, 3], name: "a.txt") }
                == "a.txt: this is no image that can be read, expected JPEG, PNG, WebP, GIF, BMP or TIFF.")
    }
}
