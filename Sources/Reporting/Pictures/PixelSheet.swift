// Pictures: small images made of pixels, for pages, event files and PNG files.

import Foundation
import JSON

/// A small picture that is put together from parts.
struct PixelSheet {
    let width: Int
    let height: Int
    /// 1 is grey, 3 red, green and blue.
    let channels: Int
    private(set) var pixels: [UInt8]

    init(width: Int, height: Int, channels: Int, fill: UInt8 = 255) {
        (self.width, self.height, self.channels) = (width, height, channels)
        pixels = [UInt8](repeating: fill, count: width * height * channels)
    }

    /// Bytes in base 64; nil where they do not fit the size.
    init?(_ text: String, width: Int, height: Int, channels: Int) {
        guard (1...4096).contains(width), (1...4096).contains(height), channels == 1 || channels == 3,
            let data = Data(base64Encoded: text), data.count == width * height * channels
        else { return nil }
        (self.width, self.height, self.channels, pixels) = (width, height, channels, [UInt8](data))
    }

    var png: [UInt8] { PNGWriter.encode(pixels, width: width, height: height, channels: channels) }

    /// For a page.
    var source: String { "data:image/png;base64," + Data(png).base64EncodedString() }

    /// For an event file.
    var value: EventRecord.Value { .image(png: png, width: width, height: height, channels: channels) }

    mutating func set(_ x: Int, _ y: Int, _ color: Colormap.Color) {
        let at = (y * width + x) * channels
        if channels == 1 {
            pixels[at] = color.red
        } else {
            (pixels[at], pixels[at + 1], pixels[at + 2]) = (color.red, color.green, color.blue)
        }
    }

    /// Augmented images side by side: a row per image.
    static func samples(_ record: RunRecord) -> PixelSheet? {
        let rows = (record.samples?["images"]?.arrayValue ?? []).map { image in
            (image["variants"]?.arrayValue ?? []).compactMap { $0.stringValue.flatMap { Data(base64Encoded: $0) } }
        }
        guard let width = record.samples?["width"]?.integerValue, let height = record.samples?["height"]?.integerValue,
            let channels = record.samples?["channels"]?.integerValue, (1...4096).contains(width),
            (1...4096).contains(height), [1, 3].contains(channels), let columns = rows.map(\.count).max(), columns > 0,
            rows.count <= 64, columns <= 64
        else { return nil }
        let size = width * height * channels
        guard rows.allSatisfy({ $0.allSatisfy { $0.count == size } }), rows.count * columns * size <= 1 << 26 else {
            return nil
        }
        var sheet = PixelSheet(
            width: columns * (width + 1) - 1, height: rows.count * (height + 1) - 1, channels: channels)
        for (row, variants) in rows.enumerated() {
            for (column, pixels) in variants.enumerated() {
                sheet.copy(
                    Array(pixels), width: width, height: height, x: column * (width + 1), y: row * (height + 1))
            }
        }
        return sheet
    }

    /// Pictures in color in rows on white, each in the upper left corner of a cell; nil where there are none, or too many.
    init?(rows: [[PixelSheet]]) {
        let all = rows.joined()
        guard let width = all.map(\.width).max(), let height = all.map(\.height).max(),
            let columns = rows.map(\.count).max(), all.allSatisfy({ $0.channels == 3 }), rows.count <= 64,
            columns <= 64,
            rows.count * columns * (width + 4) * (height + 4) <= 1 << 24
        else { return nil }
        self.init(width: columns * (width + 4) - 4, height: rows.count * (height + 4) - 4, channels: 3)
        for (row, pictures) in rows.enumerated() {
            for (column, picture) in pictures.enumerated() {
                copy(
                    picture.pixels, width: picture.width, height: picture.height, x: column * (width + 4),
                    y: row * (height + 4))
            }
        }
    }

    /// With 32 levels of each channel, which few see on a small photograph: a PNG file of it has half the bytes.
    var coarse: PixelSheet {
        var sheet = self
        for index in sheet.pixels.indices {
            let level = (Int(pixels[index]) * 31 + 127) / 255
            sheet.pixels[index] = UInt8((level * 255 + 15) / 31)
        }
        return sheet
    }

    mutating func copy(_ source: [UInt8], width: Int, height: Int, x: Int, y: Int) {
        for line in 0..<height {
            let from = line * width * channels
            let to = ((y + line) * self.width + x) * channels
            pixels.replaceSubrange(to..<to + width * channels, with: source[from..<from + width * channels])
        }
    }
}

extension PixelSheet {
    /// An image as `report/` files hold it: `width`, `height`, `channels` and the bytes.
    init?(_ json: JSONValue, pixels key: String = "pixels") {
        guard let width = json["width"]?.integerValue, let height = json["height"]?.integerValue,
            let channels = json["channels"]?.integerValue, let text = json[key]?.stringValue
        else { return nil }
        self.init(text, width: width, height: height, channels: channels)
    }
}
