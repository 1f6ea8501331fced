import CImages
import Reporting
import Testing

@Test(arguments: [1, 3])
func imagesComeBackFromPNG(channels: Int) throws {
    let (width, height) = (13, 9)
    var state: UInt32 = 7
    let pixels = (0..<width * height * channels).map { i -> UInt8 in
        state = state &* 1_664_525 &+ 1_013_904_223
        return i.isMultiple(of: 2) ? UInt8(truncatingIfNeeded: i * 3) : UInt8(state >> 24)
    }
    let file = PNGWriter.encode(pixels, width: width, height: height, channels: channels)
    var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
    var header = hb_image_header()
    #expect(hb_image_read_header(file, file.count, 1 << 20, &header, &message) == 0)
    #expect(header.width == width && header.height == height && header.channels == channels)
    var decoded = [UInt8](repeating: 0, count: pixels.count)
    #expect(hb_image_decode(file, file.count, &header, Int32(channels), &decoded, &message) == 0)
    #expect(decoded == pixels)
}
