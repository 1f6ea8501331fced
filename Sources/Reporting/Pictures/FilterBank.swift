import Foundation
import JSON

/// Some learned filters of one layer, as `report/result.json` holds them: a byte per element between two bounds.
struct FilterBank {
    let name: String
    /// Whether the elements are magnitudes in the frequency plane, not weights around 0.
    let isSpectrum: Bool
    /// How many filters the layer has; those shown are evenly spaced among them.
    let total: Int
    let rows: Int
    let columns: Int
    let low: Double
    let high: Double
    let filters: [[UInt8]]

    init?(_ json: JSONValue) {
        guard let name = json["name"]?.stringValue, let kind = json["kind"]?.stringValue,
            let total = json["total"]?.integerValue, let rows = json["rows"]?.integerValue,
            let columns = json["columns"]?.integerValue, let low = json["low"]?.doubleValue,
            let high = json["high"]?.doubleValue, let text = json["pixels"]?.stringValue,
            let pixels = Data(base64Encoded: text), (1...1024).contains(rows), (1...1024).contains(columns),
            pixels.count.isMultiple(of: rows * columns)
        else { return nil }
        self.name = name
        isSpectrum = kind == "spectrum"
        (self.total, self.rows, self.columns, self.low, self.high) = (total, rows, columns, low, high)
        let size = rows * columns
        filters = (0..<pixels.count / size).map { Array(pixels[$0 * size..<($0 + 1) * size]) }
    }

    static func all(_ record: RunRecord) -> [FilterBank] {
        (record.result?["filters"]?.arrayValue ?? []).compactMap { FilterBank($0) }
    }

    /// One filter as a picture.
    func picture(_ index: Int) -> PixelSheet {
        var sheet = PixelSheet(width: columns, height: rows, channels: 3)
        draw(index, in: &sheet, x: 0, y: 0)
        return sheet
    }

    /// All filters in rows of eight.
    var sheet: PixelSheet {
        let perRow = min(8, max(1, filters.count))
        let lines = max(1, (filters.count + perRow - 1) / perRow)
        var sheet = PixelSheet(width: perRow * (columns + 1) - 1, height: lines * (rows + 1) - 1, channels: 3)
        for index in filters.indices {
            draw(index, in: &sheet, x: index % perRow * (columns + 1), y: index / perRow * (rows + 1))
        }
        return sheet
    }

    private func draw(_ index: Int, in sheet: inout PixelSheet, x: Int, y: Int) {
        for (position, byte) in filters[index].enumerated() {
            let share = Double(byte) / 255
            sheet.set(
                x + position % columns, y + position / columns,
                isSpectrum ? Colormap.magnitude(share) : Colormap.diverging(share))
        }
    }
}
