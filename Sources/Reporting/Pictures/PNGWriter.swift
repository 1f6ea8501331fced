import CImages

/// Writes 8-bit images as PNG files in memory, so that a report can show what a model saw.
package enum PNGWriter {
    /// Encodes an image.
    /// - Parameters:
    ///   - pixels: [height, width, channels] without gaps, 0 is black and 255 white.
    ///   - channels: 1 is grey, 3 red, green and blue.
    /// - Returns: The bytes of a PNG file; equal images give equal bytes.
    package static func encode(_ pixels: [UInt8], width: Int, height: Int, channels: Int) -> [UInt8] {
        guard [1, 3].contains(channels), width > 0, height > 0, pixels.count == width * height * channels else {
            fatalError(
                "PNGWriter: found \(pixels.count) bytes, expected [\(height), \(width), \(channels)] of 1 or 3 channels"
            )
        }
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var encoded: UnsafeMutablePointer<UInt8>?
        var size = 0
        let code = hb_image_encode_png(
            pixels, Int32(width), Int32(height), Int32(channels), &encoded, &size, &message)
        // Of an image in memory nothing can fail but taking more memory.
        guard code == 0, let encoded else { fatalError("PNGWriter: no memory for \(width) x \(height) pixels") }
        defer { hb_image_free(encoded) }
        return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
    }
}
