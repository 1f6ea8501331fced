/// A picture in color on which objects are drawn.
package struct ObjectPicture: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// [height, width, 3].
    package private(set) var pixels: [UInt8]

    /// - Parameters:
    ///   - pixels: [height, width, channels].
    ///   - channels: 1 is gray, 3 red, green and blue.
    /// - Returns: nil where the pixels do not fit the size.
    package init?(_ pixels: [UInt8], width: Int, height: Int, channels: Int = 3) {
        let most = 1 << 20
        guard (1...most).contains(width), (1...most).contains(height), channels == 1 || channels == 3,
            pixels.count == width * height * channels
        else { return nil }
        (self.width, self.height) = (width, height)
        self.pixels = channels == 3 ? pixels : pixels.flatMap { [$0, $0, $0] }
    }

    /// How often a picture is enlarged so that letters leave something to be seen: 1 where its longer side has `least`
    /// pixels already.
    package static func enlargement(width: Int, height: Int, least: Int = 320) -> Int {
        max(1, (least + max(width, height, 1) - 1) / max(width, height, 1))
    }

    /// Each pixel so often beside and below itself.
    package func enlarged(by factor: Int) -> ObjectPicture {
        guard factor > 1 else { return self }
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count * factor * factor)
        for y in 0..<height {
            var line: [UInt8] = []
            line.reserveCapacity(3 * width * factor)
            for x in 0..<width {
                let at = (y * width + x) * 3
                for _ in 0..<factor { line += [pixels[at], pixels[at + 1], pixels[at + 2]] }
            }
            for _ in 0..<factor { result += line }
        }
        return ObjectPicture(result, width: width * factor, height: height * factor) ?? self
    }

    /// The picture as a PNG file.
    package var png: [UInt8] { PNGWriter.encode(pixels, width: width, height: height, channels: 3) }

    /// The picture with objects over it: masks half transparent, then outlines, then names, each where it hides as little
    /// as possible of the others. Lines and letters are larger on large pictures.
    /// - Parameters:
    ///   - objects: the first one lies on top, so the most certain answers come first.
    ///   - names: whether names are written.
    package func drawing(_ objects: [DrawnObject], names: Bool = true) -> ObjectPicture {
        var canvas = ObjectCanvas(self)
        for object in objects.reversed() { canvas.fill(object) }
        for object in objects.reversed() { canvas.outline(object) }
        if names { canvas.write(objects) }
        var result = self
        result.pixels = canvas.sheet.pixels
        return result
    }

    /// Two pictures of one size side by side, with a gap of white.
    package func beside(_ other: ObjectPicture, gap: Int = 6) -> ObjectPicture {
        guard other.height == height else { return self }
        var sheet = PixelSheet(width: width + gap + other.width, height: height, channels: 3)
        sheet.copy(pixels, width: width, height: height, x: 0, y: 0)
        sheet.copy(other.pixels, width: other.width, height: height, x: width + gap, y: 0)
        return ObjectPicture(sheet.pixels, width: sheet.width, height: height) ?? self
    }
}
