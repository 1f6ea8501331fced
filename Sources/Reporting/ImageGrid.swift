/// Images of one size side by side as a PNG file.
public enum ImageGrid {
    /// - Parameters:
    ///   - rows: images [height, width, channels], a row may be shorter than others.
    ///   - scale: how many pixels of the file a pixel is wide and high.
    public static func png(_ rows: [[[UInt8]]], width: Int, height: Int, channels: Int, scale: Int = 1) -> [UInt8] {
        let gap = 2
        let columns = max(1, rows.map(\.count).max() ?? 1)
        let (cellWidth, cellHeight) = (width * scale, height * scale)
        var sheet = PixelSheet(
            width: columns * (cellWidth + gap) - gap, height: max(1, rows.count) * (cellHeight + gap) - gap,
            channels: channels)
        for (row, images) in rows.enumerated() {
            for (column, pixels) in images.enumerated() where pixels.count == width * height * channels {
                sheet.copy(
                    enlarged(pixels, width: width, height: height, channels: channels, scale: scale),
                    width: cellWidth, height: cellHeight, x: column * (cellWidth + gap), y: row * (cellHeight + gap))
            }
        }
        return sheet.png
    }

    private static func enlarged(
        _ pixels: [UInt8], width: Int, height: Int, channels: Int, scale: Int
    ) -> [UInt8] {
        guard scale > 1 else { return pixels }
        var result: [UInt8] = []
        result.reserveCapacity(pixels.count * scale * scale)
        for y in 0..<height {
            var line: [UInt8] = []
            for x in 0..<width {
                let pixel = pixels[(y * width + x) * channels..<(y * width + x + 1) * channels]
                for _ in 0..<scale { line += pixel }
            }
            for _ in 0..<scale { result += line }
        }
        return result
    }
}
