import CImages
import Tensors

/// A picture of interleaved bytes [height, width, channels] with 1 (gray) or 3 (red, green, blue) channels.
public struct Image: Sendable, Equatable {
    /// In pixels.
    public let width: Int
    /// In pixels.
    public let height: Int
    /// 1 (gray) or 3 (red, green, blue).
    public let channels: Int
    /// The bytes [height, width, channels].
    public let pixels: [UInt8]

    /// A picture of these bytes [height, width, channels]; another number of them stops the program.
    public init(width: Int, height: Int, channels: Int, pixels: [UInt8]) {
        require(
            width > 0 && height > 0 && (channels == 1 || channels == 3) && pixels.count == width * height * channels,
            "Image", "\(pixels.count) bytes are not \(height) x \(width) pixels of \(channels) channels (1 or 3)")
        self.width = width
        self.height = height
        self.channels = channels
        self.pixels = pixels
    }

    /// Height and width in pixels.
    public var size: Pair { Pair(height, width) }

    /// More pixels than this are refused before any memory is taken for them.
    public static let maximumPixels = 1 << 26
    /// Larger files are refused before they are read.
    static let maximumFileSize = 1 << 28

    /// Decodes a JPEG, PNG, WebP, GIF, BMP or TIFF file: upright by its EXIF or XMP orientation, alpha composited over
    /// white, 16 bits scaled to 8, CMYK as RGB, colour profiles and gamma ignored; of an animation the first frame.
    /// - Parameter channels: 1 or 3; nil keeps gray pictures gray.
    /// - Throws: `DatasetError` that says what is wrong with the file.
    public init(contentsOf path: String, channels: Int? = nil) throws {
        try self.init(decoding: readFile(path, maximum: Image.maximumFileSize), name: path, channels: channels)
    }

    /// Decodes the bytes of an image file as `init(contentsOf:channels:)` does.
    public init(
        decoding bytes: [UInt8], name: String, channels wanted: Int? = nil, maximumPixels: Int = Image.maximumPixels
    ) throws {
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var header = hb_image_header()
        var code = bytes.withUnsafeBufferPointer {
            hb_image_read_header($0.baseAddress, $0.count, maximumPixels, &header, &message)
        }
        if code != 0 { throw Image.failure(code, message, name) }
        let channels = wanted ?? Int(header.channels)
        let swapped = header.orientation >= 5
        let count = Int(header.width) * Int(header.height) * channels
        let pixels = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
            bytes.withUnsafeBufferPointer {
                code = hb_image_decode(
                    $0.baseAddress, $0.count, &header, Int32(channels), buffer.baseAddress!, &message)
            }
            initialized = code == 0 ? count : 0
        }
        if code != 0 { throw Image.failure(code, message, name) }
        self.init(
            width: Int(swapped ? header.height : header.width), height: Int(swapped ? header.width : header.height),
            channels: channels, pixels: pixels)
    }

    /// The picture as the bytes of a PNG file.
    public func encodedAsPNG() throws -> [UInt8] {
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var encoded: UnsafeMutablePointer<UInt8>?
        var size = 0
        let code = hb_image_encode_png(
            pixels, Int32(width), Int32(height), Int32(channels), &encoded, &size, &message)
        guard code == 0, let encoded else { throw Image.failure(code, message, "PNG") }
        defer { hb_image_free(encoded) }
        return [UInt8](UnsafeBufferPointer(start: encoded, count: size))
    }

    /// The picture with 1 or 3 channels (gray by ITU-R 601-2 luma).
    public func converted(channels wanted: Int) -> Image {
        if wanted == channels { return self }
        let count = width * height
        let converted = [UInt8](unsafeUninitializedCapacity: count * wanted) { buffer, initialized in
            if wanted == 1 {
                hb_grey_from_rgb(pixels, count, buffer.baseAddress!)
            } else {
                hb_rgb_from_grey(pixels, count, buffer.baseAddress!)
            }
            initialized = count * wanted
        }
        return Image(width: width, height: height, channels: wanted, pixels: converted)
    }

    static func failure(_ code: Int32, _ message: [CChar], _ name: String) -> DatasetError {
        let end = message.firstIndex(of: 0) ?? message.count
        var detail = String(decoding: message[..<end].map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self)
        while detail.last == "." { detail.removeLast() }
        switch code {
        case Int32(HB_IMAGE_UNKNOWN): return DatasetError(name, detail)
        case Int32(HB_IMAGE_UNSUPPORTED):
            return DatasetError(name, "this is \(detail), which is not read, convert it to PNG or JPEG")
        case Int32(HB_IMAGE_TOO_LARGE): return DatasetError(name, "the image is too large: \(detail)")
        case Int32(HB_IMAGE_NO_MEMORY): return DatasetError(name, "there is no memory to decode the image")
        default: return DatasetError(name, "the image is truncated or corrupt (\(detail))")
        }
    }
}
