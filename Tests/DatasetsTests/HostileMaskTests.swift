import Datasets
import Foundation
import Tensors
import Testing

/// Damaged masks and class files: a sentence or a mask, and never a trap.
struct HostileMaskTests {
    private static func chunks(of file: [UInt8]) -> [(type: String, data: [UInt8])] {
        var chunks: [(type: String, data: [UInt8])] = []
        var place = 8
        while place + 12 <= file.count {
            let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: file[place + 4..<place + 8], as: UTF8.self)
            chunks.append((type, Array(file[place + 8..<place + 8 + length])))
            place += 12 + length
        }
        return chunks
    }

    private static func damage(_ bytes: inout [UInt8], _ random: inout Random) {
        let place = random.integer(below: bytes.count + 1)
        switch place == bytes.count ? 3 : random.integer(below: 5) {
        case 0: bytes[place] = UInt8(random.integer(below: 256))
        case 1: bytes[place] = UInt8([0, 1, 2, 3, 4, 6, 16, 255][random.integer(below: 8)])
        case 2: bytes.removeSubrange(place..<min(bytes.count, place + 1 + random.integer(below: 8)))
        case 3: bytes.insert(UInt8(random.integer(below: 256)), at: place)
        default: bytes[place] ^= 1 << UInt8(random.integer(below: 8))
        }
    }

    @Test func damagedMasksAreReadOrNamed() {
        var random = Random(seed: 5, purpose: "damage")
        let size = Pair(7, 9)
        let samples = (0..<63).map { $0 % 2 }
        let files = [
            MaskFiles.png(size, samples), MaskFiles.png(size, samples, bits: 1), MaskFiles.png(size, samples, bits: 16),
            MaskFiles.png(size, samples, colour: 3, palette: [[1, 2, 3], [4, 5, 6]]),
            MaskFiles.png(size, (0..<189).map { $0 % 256 }, colour: 2), MaskFiles.png(size, samples, orientation: 7),
            blackPNG(width: 40, height: 30, isInterlaced: true),
        ]
        for round in 0..<3000 {
            var bytes = files[round % files.count]
            if round % 2 == 0 {
                // Contents of chunks, whose checksums stay right, reach further than bytes anywhere.
                var chunks = Self.chunks(of: bytes)
                for _ in 0...random.integer(below: 3) {
                    Self.damage(&chunks[random.integer(below: chunks.count)].data, &random)
                }
                bytes = Array(bytes.prefix(8)) + chunks.flatMap { pngChunk($0.type, $0.data) }
            } else {
                for _ in 0...random.integer(below: 4) { Self.damage(&bytes, &random) }
            }
            for inColor in [false, true] {
                do {
                    let stored = try storedLabels(bytes, name: "x", inColor: inColor)
                    #expect(stored.values.count == stored.size.height * stored.size.width)
                } catch {
                    #expect(error is DatasetError)
                }
            }
        }
    }

    @Test(arguments: [0, 2, 3, 4, 6])
    func headersThatPromiseTooMuchAreRefused(_ colour: Int) {
        for (width, height) in [(1 << 30, 1), (1 << 15, 1 << 15), (0, 4), (1 << 19, 1 << 18)] {
            let header = big(UInt32(width)) + big(UInt32(height)) + [8, UInt8(colour), 0, 0, 0]
            let file =
                [0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10] + pngChunk("IHDR", header)
                + pngChunk("PLTE", [0, 0, 0]) + pngChunk("IDAT", packedZeros(1000)) + pngChunk("IEND", [])
            #expect(!message { _ = try storedLabels(file, name: "x") }.isEmpty)
        }
    }

    @Test func classFilesOfAnyBytesAreReadOrNamed() throws {
        try withTemporaryFolder { root in
            try MaskFiles.make(root, train: 2, test: 2, classes: nil)
            let texts: [[UInt8]] = [
                [0xff, 0xfe, 0], Array("\u{FEFF}0 a\r\n1 b\r\n2 c\r\n".utf8), Array("0\n1\n2\n".utf8),
                Array("99999999999999999999 a\n1 b".utf8), Array("0 a\n0 b\n".utf8), Array("70000 a\n1 b\n2 c\n".utf8),
                Array("# only a remark\n".utf8), Array("255 ignore\n254 ignore\n".utf8), Array("-1 a\n-2 b\n".utf8),
            ]
            for (index, text) in texts.enumerated() {
                try write(text, to: "\(root)/classes.txt")
                let problem = message { _ = try openMasks(root) { $0.validation = .nowhere } }
                // The second and the third are right: marked as UTF-8, and three classes called 0, 1, 2.
                #expect(problem.isEmpty == [1, 2].contains(index), "\(index): \(problem)")
            }
        }
    }
}
