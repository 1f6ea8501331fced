import Datasets
import Foundation
import Tensors

/// Masks and images of a few pixels as files.
enum MaskFiles {
    /// A PNG whose samples are given, packed as its bits ask for; `colour` as in its header (0 gray, 2 colors, 3 palette,
    /// 4 gray and alpha).
    static func png(
        _ size: Pair, _ values: [Int], bits: Int = 8, colour: Int = 0, palette: [[UInt8]] = [], orientation: Int? = nil
    ) -> [UInt8] {
        let samples = [0: 1, 2: 3, 3: 1, 4: 2][colour]!
        let row = size.width * samples
        var raw: [UInt8] = []
        for y in 0..<size.height {
            raw.append(0)
            let line = values[y * row..<(y + 1) * row]
            if bits == 16 {
                raw += line.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }
            } else {
                var held = 0
                var filled = 0
                for value in line {
                    held = held << bits | value
                    filled += bits
                    if filled == 8 {
                        raw.append(UInt8(held))
                        (held, filled) = (0, 0)
                    }
                }
                if filled > 0 { raw.append(UInt8(held << (8 - filled))) }
            }
        }
        let header = big(UInt32(size.width)) + big(UInt32(size.height)) + [UInt8(bits), UInt8(colour), 0, 0, 0]
        var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10] + pngChunk("IHDR", header)
        if let orientation {
            let entry: [UInt8] = [0x12, 1, 3, 0, 1, 0, 0, 0, UInt8(orientation), 0, 0, 0]
            file += pngChunk("eXIf", [0x49, 0x49, 42, 0, 8, 0, 0, 0, 1, 0] + entry + [0, 0, 0, 0])
        }
        if !palette.isEmpty { file += pngChunk("PLTE", palette.flatMap { $0 }) }
        return file + pngChunk("IDAT", stored(raw)) + pngChunk("IEND", [])
    }

    /// A zlib stream that is not packed at all.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var (a, b) = (UInt32(1), UInt32(0))
        for byte in bytes {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        precondition(bytes.count < 65536)
        let length = UInt16(bytes.count)
        let sizes = [length, ~length].flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
        return [0x78, 1, 1] + sizes + bytes + big(b << 16 | a)
    }

    /// A gray image.
    static func image(_ size: Pair = Pair(4, 6), orientation: Int? = nil) -> [UInt8] {
        png(size, (0..<size.height * size.width).map { $0 % 256 }, orientation: orientation)
    }

    /// A mask in which the values come in turn.
    static func mask(_ values: [Int], _ size: Pair = Pair(4, 6), bits: Int = 8) -> [UInt8] {
        png(size, (0..<size.height * size.width).map { values[$0 % values.count] }, bits: bits)
    }

    /// `count` images with masks of these values.
    static func write(
        _ count: Int, _ images: String, _ masks: String, _ values: [Int] = [0, 1, 2], ending: String = ".png",
        start: Int = 0
    ) throws {
        for index in start..<start + count {
            try DatasetsTests.write(image(), to: "\(images)/im\(index).png")
            try DatasetsTests.write(mask(values), to: "\(masks)/im\(index)\(ending)")
        }
    }

    /// A data set of three classes; nil for a part leaves it out.
    static func make(
        _ root: String, train: Int = 10, validation: Int? = nil, test: Int? = nil,
        classes: String? = "0 sky\n1 road\n2 car\n255 ignore\n"
    ) throws {
        try write(train, "\(root)/train/images", "\(root)/train/labels")
        if let validation { try write(validation, "\(root)/val/images", "\(root)/val/labels") }
        if let test { try write(test, "\(root)/test/images", "\(root)/test/labels") }
        if let classes { try DatasetsTests.write(Array(classes.utf8), to: "\(root)/classes.txt") }
    }
}

func options(_ path: String, _ change: (inout SegmentationDataOptions) -> Void = { _ in }) -> SegmentationDataOptions {
    var options = SegmentationDataOptions(path: path)
    change(&options)
    return options
}

func openMasks(
    _ path: String, _ change: (inout SegmentationDataOptions) -> Void = { _ in }
) throws -> DatasetSplits<Mask> { try SegmentationData.open(options(path, change)) }
