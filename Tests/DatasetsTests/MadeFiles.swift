/// Image files put together here.
enum MadeFiles {
    private typealias Entry = (tag: Int, values: [UInt32])

    /// Of `SmallFiles.picture`.
    private static let colors: [[UInt8]] = (0..<24).map { Array(SmallFiles.picture[3 * $0..<3 * $0 + 3]) }

    static var bmp24: [UInt8] {
        var rows: [UInt8] = []
        for y in (0..<4).reversed() {
            for color in colors[6 * y..<6 * y + 6] { rows += color.reversed() }
            rows += [0, 0]
        }
        return bmp(width: 6, height: 4, bits: 24, rows: rows)
    }

    /// From the top downward.
    static var bmp32: [UInt8] {
        var rows: [UInt8] = []
        for color in colors {
            rows += color.reversed()
            rows.append(0)
        }
        return bmp(width: 6, height: -4, bits: 32, rows: rows)
    }

    static var bmp8: [UInt8] {
        var rows: [UInt8] = []
        for y in (0..<4).reversed() {
            rows += (0..<6).map { UInt8(6 * y + $0) }
            rows += [0, 0]
        }
        return bmp(width: 6, height: 4, bits: 8, palette: colors, rows: rows)
    }

    /// Literal pixels with their padding, a run, the end of a row, and of the picture.
    static var bmpRuns: [UInt8] {
        var rows: [UInt8] = []
        for y in (0..<4).reversed() {
            let first = UInt8(6 * y)
            rows += [0, 5, first, first + 1, first + 2, first + 3, first + 4, 0, 1, first + 5, 0, 0]
        }
        return bmp(width: 6, height: 4, bits: 8, compression: 1, palette: colors, rows: rows + [0, 1])
    }

    private static let size: [Entry] = [(256, [6]), (257, [4]), (277, [3])]

    static var tiffPlain: [UInt8] {
        let entries: [Entry] = size + [(258, [8, 8, 8]), (262, [2])]
        return tiff(entries, strip: SmallFiles.picture)
    }

    /// 16 bits, each sample in a plane of its own.
    static var tiffPlanes: [UInt8] {
        var planes: [UInt8] = []
        for channel in 0..<3 {
            for color in colors { planes += [color[channel], color[channel]] }
        }
        var entries: [Entry] = size + [(258, [16, 16, 16]), (262, [2]), (284, [2]), (278, [4])]
        entries += [(273, [8, 56, 104]), (279, [48, 48, 48])]
        return tiff(entries, strip: planes)
    }
}

func little(_ value: UInt32, _ count: Int) -> [UInt8] {
    (0..<count).map { $0 < 4 ? UInt8(truncatingIfNeeded: value >> UInt32(8 * $0)) : 0 }
}

/// A BMP file of 40 bytes of header.
func bmp(
    width: Int, height: Int, bits: Int, compression: Int = 0, masks: [UInt32] = [], palette: [[UInt8]] = [],
    rows: [UInt8]
) -> [UInt8] {
    var table: [UInt8] = []
    for mask in masks { table += little(mask, 4) }
    for color in palette {
        table += color.reversed()
        table.append(0)
    }
    let offset = 54 + table.count
    var file = Array("BM".utf8)
    file += little(UInt32(offset + rows.count), 4) + little(0, 4)
    file += little(UInt32(offset), 4) + little(40, 4)
    file += little(UInt32(bitPattern: Int32(width)), 4)
    file += little(UInt32(bitPattern: Int32(height)), 4)
    file += little(1, 2) + little(UInt32(bits), 2)
    file += little(UInt32(compression), 4) + little(0, 12)
    file += little(UInt32(palette.count), 4) + little(0, 4)
    return file + table + rows
}

/// A little-endian TIFF file of one strip unless `entries`, (tag, values) all of them LONG, say where the parts are.
func tiff(_ entries: [(tag: Int, values: [UInt32])], strip: [UInt8]) -> [UInt8] {
    var all = entries
    if !entries.contains(where: { $0.tag == 273 || $0.tag == 324 }) {
        all += [(273, [8]), (279, [UInt32(strip.count)])]
    }
    all.sort { $0.tag < $1.tag }
    let start = 8 + strip.count
    let valuesStart = start + 2 + 12 * all.count + 4
    var values: [UInt8] = []
    var directory = little(UInt32(all.count), 2)
    for (tag, numbers) in all {
        directory += little(UInt32(tag), 2) + little(4, 2)
        directory += little(UInt32(numbers.count), 4)
        let isLong = numbers.count > 1
        directory += little(isLong ? UInt32(valuesStart + values.count) : numbers[0], 4)
        if isLong { for number in numbers { values += little(number, 4) } }
    }
    var file: [UInt8] = [0x49, 0x49, 42, 0]
    file += little(UInt32(start), 4) + strip
    return file + directory + little(0, 4) + values
}
