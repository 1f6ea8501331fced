import JSON

/// A picture with numbers over it: orange where they are above 0, blue where they are below, the stronger the farther from
/// 0; the picture itself is grey then.
package struct HeatPicture {
    private let pixels: [UInt8]
    private let width: Int
    private let height: Int
    private let channels: Int
    /// So much of the picture gives way to the colour at the largest number.
    private static let cover = 0.75
    private static let above = Colormap.Color(red: 235, green: 104, blue: 20)
    private static let below = Colormap.Color(red: 32, green: 110, blue: 200)

    /// - Parameter pixels: [height, width, channels] of 1 or 3 channels.
    package init(pixels: [UInt8], width: Int, height: Int, channels: Int) {
        (self.pixels, self.width, self.height, self.channels) = (pixels, width, height, channels)
    }

    /// The picture, enlarged by a whole number until its shorter side has at least so many pixels, with numbers over the
    /// whole of it, which are interpolated between the middles of their places.
    package func covered(rows: Int, columns: Int, _ values: [Double], atLeast least: Int = 0) -> HeatSheet {
        let scale = max(1, (least + min(width, height) - 1) / max(1, min(width, height)))
        var sheet = PixelSheet(width: width * scale, height: height * scale, channels: 3)
        let largest = values.reduce(0) { max($0, $1.isFinite ? abs($1) : 0) }
        for y in 0..<sheet.height {
            for x in 0..<sheet.width {
                let value = interpolated(
                    values, rows: rows, columns: columns, down: (Double(y) + 0.5) / Double(sheet.height),
                    across: (Double(x) + 0.5) / Double(sheet.width))
                let strength = largest > 0 && value.isFinite ? min(1, abs(value) / largest) * Self.cover : 0
                sheet.set(x, y, mixed(grey(x / scale, y / scale), value < 0 ? Self.below : Self.above, strength))
            }
        }
        return HeatSheet(sheet: sheet)
    }

    private func grey(_ x: Int, _ y: Int) -> Double {
        let at = (y * width + x) * channels
        guard channels == 3 else { return Double(pixels[at]) }
        return 0.299 * Double(pixels[at]) + 0.587 * Double(pixels[at + 1]) + 0.114 * Double(pixels[at + 2])
    }

    private func mixed(_ grey: Double, _ color: Colormap.Color, _ share: Double) -> Colormap.Color {
        func mix(_ value: UInt8) -> UInt8 { UInt8((grey + (Double(value) - grey) * share).rounded()) }
        return Colormap.Color(red: mix(color.red), green: mix(color.green), blue: mix(color.blue))
    }

    private func interpolated(
        _ values: [Double], rows: Int, columns: Int, down: Double, across: Double
    ) -> Double {
        func place(_ share: Double, _ count: Int) -> (Int, Int, Double) {
            let at = min(max(share * Double(count) - 0.5, 0), Double(count - 1))
            let first = min(Int(at), count - 1)
            return (first, min(first + 1, count - 1), at - Double(first))
        }
        let (top, bottom, low) = place(down, rows)
        let (left, right, far) = place(across, columns)
        func row(_ y: Int) -> Double {
            values[y * columns + left] * (1 - far) + values[y * columns + right] * far
        }
        return row(top) * (1 - low) + row(bottom) * low
    }
}

/// A picture with numbers over it, as a file.
package struct HeatSheet {
    let sheet: PixelSheet

    /// The bytes of a PNG file.
    package var png: [UInt8] { sheet.png }
}
