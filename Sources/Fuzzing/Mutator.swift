import Tensors

/// Makes damaged inputs of whole ones, each a function of the seed and its number.
package struct Mutator: Sendable {
    package let seeds: [[UInt8]]
    /// Inputs are cut to this length, unless they were changed by structure.
    package let limit: Int
    /// Changes that know how the inputs are built.
    let structures: [StructuredChange]

    package init(seeds: [[UInt8]], limit: Int = 1 << 16) { self.init(seeds: seeds, limit: limit, structures: []) }

    init(seeds: [[UInt8]], limit: Int = 1 << 16, structures: [StructuredChange]) {
        self.seeds = seeds
        self.limit = limit
        self.structures = structures
    }

    /// Input `number`: one of the whole inputs after one to four changes of bytes or, every second time where its structure
    /// is known, one or two changes that leave the rest valid.
    package func input(_ number: Int) -> [UInt8] {
        var random = Random(seed: 0, purpose: "fuzz", number)
        var bytes = seeds[number % seeds.count]
        if !structures.isEmpty, random.chance(0.5) {
            for _ in 0...random.integer(below: 2) {
                structures[random.integer(below: structures.count)].apply(&bytes, &random)
            }
            return bytes
        }
        for _ in 0...random.integer(below: 4) { change(&bytes, &random) }
        return bytes.count > limit ? Array(bytes.prefix(limit)) : bytes
    }

    private func change(_ bytes: inout [UInt8], _ random: inout Random) {
        guard !bytes.isEmpty else {
            bytes = [UInt8(random.integer(below: 256))]
            return
        }
        let position = random.integer(below: bytes.count)
        switch random.integer(below: 12) {
        case 0: bytes[position] ^= 1 << UInt8(random.integer(below: 8))
        case 1: bytes[position] = [0, 1, 0x7f, 0x80, 0xff, 0x22, 0x5b, 0x0a][random.integer(below: 8)]
        case 2: bytes.removeSubrange(position...)
        case 3: bytes.removeSubrange(position..<min(bytes.count, position + 1 + random.integer(below: 64)))
        case 4: bytes.insert(contentsOf: part(of: bytes, &random), at: position)
        case 5: bytes.insert(contentsOf: part(of: seeds[random.integer(below: seeds.count)], &random), at: position)
        case 6: overwrite(&bytes, at: position, size(&random, bytes: 4), &random)
        case 7: overwrite(&bytes, at: position, size(&random, bytes: 8), &random)
        case 8: replaceNumber(&bytes, near: position, &random)
        case 9: bytes.insert(contentsOf: nesting(&random), at: position)
        case 10: for _ in 0..<8 { bytes[random.integer(below: bytes.count)] = UInt8(random.integer(below: 256)) }
        default: bytes.swapAt(position, random.integer(below: bytes.count))
        }
    }

    private func part(of bytes: [UInt8], _ random: inout Random) -> ArraySlice<UInt8> {
        guard !bytes.isEmpty else { return [] }
        let start = random.integer(below: bytes.count)
        return bytes[start..<min(bytes.count, start + 1 + random.integer(below: 256))]
    }

    /// A count that no file of ours holds, or one just beyond a border.
    private func size(_ random: inout Random, bytes: Int) -> UInt64 {
        let sizes: [UInt64] = [
            .max, .max >> 1, (.max >> 1) + 1, 1 << 32, (1 << 32) - 1, 1 << 31, (1 << 31) - 1, 1 << 16, 1 << 40, 1 << 62,
            0, 1,
        ]
        return sizes[random.integer(below: sizes.count)] &+ UInt64(random.integer(below: 3))
    }

    private func overwrite(_ bytes: inout [UInt8], at position: Int, _ value: UInt64, _ random: inout Random) {
        let count = [2, 4, 8][random.integer(below: 3)]
        let bigEndian = random.chance(0.5)
        for i in 0..<count where position + i < bytes.count {
            bytes[position + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (bigEndian ? count - 1 - i : i)))
        }
    }

    /// Another number in place of the next one in a text.
    private func replaceNumber(_ bytes: inout [UInt8], near position: Int, _ random: inout Random) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[position...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        let numbers = [
            "-1", "0", "4294967296", "9223372036854775807", "9223372036854775808", "99999999999999999999999", "1e308",
            "1e999",
            "-0.0", "nan", ".inf", "null", "\"x\"", "[]", "{}", "65536", "1000000000",
        ]
        bytes.replaceSubrange(start..<end, with: Array(numbers[random.integer(below: numbers.count)].utf8))
    }

    private func nesting(_ random: inout Random) -> [UInt8] {
        let units = ["[", "{\"a\":", "{a: ", "- ", "? ", "(", "\"", "&a [*a, ", "\n  "]
        let unit = Array(units[random.integer(below: units.count)].utf8)
        let depth = [3, 70, 1_000, 20_000][random.integer(below: 4)]
        return Array((0..<depth).map { _ in unit }.joined())
    }
}
