/// Images of one size side by side as a PNG file.
package enum ImageGrid {
    /// - Parameters:
    ///   - rows: images [height, width, channels], a row may be shorter than others.
    ///   - scale: how many pixels of the file a pixel is wide and high.
    ///   - names: what stands above each image of a row; none by default.
    ///   - columns: what stands above each column; none by default.
    ///   - framed: columns with a frame around their images.
    package static func png(
        _ rows: [[[UInt8]]], width: Int, height: Int, channels: Int, scale: Int = 1, names: [String] = [],
        columns titles: [String] = [], framed: Set<Int> = []
    ) -> [UInt8] {
        let isPlain = names.isEmpty && titles.isEmpty && framed.isEmpty
        let gap = isPlain ? 2 : 8
        let columns = max(1, rows.map(\.count).max() ?? 1)
        let (cellWidth, cellHeight) = (width * scale, height * scale)
        let caption = names.isEmpty ? 0 : PixelFont.height + 5
        let top = titles.isEmpty ? 0 : PixelFont.height + 10
        let edge = isPlain ? 0 : 6
        let lines = max(1, rows.count)
        // A frame is in colour, so the sheet is.
        let sheetChannels = isPlain ? channels : 3
        var sheet = PixelSheet(
            width: columns * (cellWidth + gap) - gap + 2 * edge,
            height: lines * (cellHeight + caption + gap) - gap + top + 2 * edge, channels: sheetChannels)
        func x(_ column: Int) -> Int { edge + column * (cellWidth + gap) }
        for (column, title) in titles.prefix(columns).enumerated() {
            sheet.write(title, x: x(column), y: edge, width: cellWidth, color: Self.accent)
        }
        for (row, images) in rows.enumerated() {
            let y = edge + top + row * (cellHeight + caption + gap)
            for (column, pixels) in images.enumerated() where pixels.count == width * height * channels {
                if names.indices.contains(row) {
                    sheet.write(names[row], x: x(column), y: y, width: cellWidth, color: Self.ink)
                }
                if framed.contains(column) {
                    sheet.fill(
                        x: x(column) - 2, y: y + caption - 2, width: cellWidth + 4, height: cellHeight + 4,
                        color: Self.accent)
                }
                let large = enlarged(pixels, width: width, height: height, channels: channels, scale: scale)
                sheet.copy(
                    channels == sheetChannels ? large : large.flatMap { [$0, $0, $0] },
                    width: cellWidth, height: cellHeight, x: x(column), y: y + caption)
            }
        }
        return sheet.png
    }

    private static let ink = Colormap.Color(red: 27, green: 31, blue: 36)
    private static let accent = Colormap.Color(red: 11, green: 99, blue: 165)

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

extension PixelSheet {
    /// Fills a rectangle, as far as it lies on the sheet.
    mutating func fill(x: Int, y: Int, width: Int, height: Int, color: Colormap.Color) {
        for v in max(0, y)..<max(max(0, y), min(self.height, y + height)) {
            for u in max(0, x)..<max(max(0, x), min(self.width, x + width)) { set(u, v, color) }
        }
    }

    /// Writes a line of text, cut off with dots where it is wider than there is room.
    mutating func write(_ text: String, x: Int, y: Int, width: Int, color: Colormap.Color) {
        var letters = PixelFont.letters(text)
        let most = max(1, (width + 1) / PixelFont.advance)
        if letters.count > most { letters = letters.prefix(max(1, most - 2)) + (most > 2 ? [".", "."] : []) }
        for (index, letter) in letters.enumerated() {
            for (line, dots) in PixelFont.rows(letter).enumerated() {
                for (column, dot) in dots.enumerated() where dot {
                    let (u, v) = (x + index * PixelFont.advance + column, y + line)
                    if u >= 0, v >= 0, u < self.width, v < self.height { set(u, v, color) }
                }
            }
        }
    }
}
