// Segmentation: readers of images with a class for each pixel, what their masks may hold, and what they do hold.

import CImages
import Tensors

/// The values of a mask file as they are stored, before anything is made of them.
package struct LabelImage {
    package let size: Pair
    /// What each pixel says: a gray value or an index of the palette, or a color, red * 65536 + green * 256 + blue.
    package let values: [UInt32]

    /// Decodes a PNG of gray values (1 to 16 bits) or with a palette; in color one of any kind.
    /// - Throws: `DatasetError` that names the file.
    package init(contentsOf path: String, inColor: Bool) throws {
        try self.init(decoding: readFile(path, maximum: Image.maximumFileSize), name: path, inColor: inColor)
    }

    init(decoding bytes: [UInt8], name: String, inColor: Bool) throws {
        var message = [CChar](repeating: 0, count: Int(HB_IMAGE_MESSAGE))
        var header = hb_label_header()
        var code = bytes.withUnsafeBufferPointer {
            hb_labels_read_header($0.baseAddress, $0.count, Image.maximumPixels, &header, &message)
        }
        if code == Int32(HB_IMAGE_UNSUPPORTED) {
            throw DatasetError(
                name,
                "this mask is no PNG file, and other formats may change its values; save the masks as PNG")
        }
        if code != 0 { throw Image.failure(code, message, name) }
        guard inColor || header.kind != HB_LABELS_COLOR else {
            throw DatasetError(
                name,
                "this mask is a color image, expected gray values or palette indices; data.colors gives the color of each "
                    + "class in order, such as [\"#000000\", \"#800000\"]")
        }
        let count = Int(header.width) * Int(header.height)
        let total = count * (inColor ? 3 : 1)
        let samples = [UInt16](unsafeUninitializedCapacity: total) { buffer, initialized in
            bytes.withUnsafeBufferPointer {
                code = hb_labels_decode(
                    $0.baseAddress, $0.count, &header, inColor ? 1 : 0, buffer.baseAddress!, &message)
            }
            initialized = code == 0 ? total : 0
        }
        if code != 0 { throw Image.failure(code, message, name) }
        let isTurned = header.orientation >= 5
        size = Pair(
            Int(isTurned ? header.width : header.height), Int(isTurned ? header.height : header.width))
        values = [UInt32](unsafeUninitializedCapacity: count) { output, initialized in
            samples.withUnsafeBufferPointer { input in
                if inColor {
                    for i in 0..<count {
                        output[i] =
                            UInt32(input[3 * i]) << 16 | UInt32(input[3 * i + 1]) << 8 | UInt32(input[3 * i + 2])
                    }
                } else {
                    for i in 0..<count { output[i] = UInt32(input[i]) }
                }
            }
            initialized = count
        }
    }
}

/// What a mask file holds, for tests and for other programs' masks: its size and its values, as `LabelImage` has them.
package func storedLabels(_ bytes: [UInt8], name: String, inColor: Bool = false) throws -> (
    size: Pair, values: [UInt32]
) {
    let image = try LabelImage(decoding: bytes, name: name, inColor: inColor)
    return (image.size, image.values)
}
