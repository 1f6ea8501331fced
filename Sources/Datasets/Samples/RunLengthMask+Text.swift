import Tensors

extension RunLengthMask {
    /// The runs as COCO's files write them in short: from the fourth run on the difference to the run two places before, each
    /// number in groups of five bits from the lowest up, a sixth bit where more follow, and 48 added to make it a character.
    public var compressed: String {
        var text: [UInt8] = []
        text.reserveCapacity(counts.count * 2)
        for (index, count) in counts.enumerated() {
            var rest = Int(count) - (index > 2 ? Int(counts[index - 2]) : 0)
            var more = true
            while more {
                var group = UInt8(rest & 0x1F)
                rest >>= 5
                // The highest bit of the last group is the sign.
                more = group & 0x10 != 0 ? rest != -1 : rest != 0
                if more { group |= 0x20 }
                text.append(group + 48)
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The mask of compressed runs.
    /// - Throws: `RunLengthError` for text that is damaged, or of another image.
    public init(size: Pair, compressed text: String) throws(RunLengthError) {
        try self.init(size: size, compressed: Array(text.utf8)[...])
    }

    /// The mask of compressed runs, from the bytes of their text.
    package init(size: Pair, compressed bytes: ArraySlice<UInt8>) throws(RunLengthError) {
        let pixels = try Self.pixels(of: size)
        var counts: [UInt32] = []
        // A run takes two or three characters as a rule.
        counts.reserveCapacity(min(bytes.count, pixels) / 2 + 1)
        var (number, shift, sum, isOpen) = (0, 0, 0, false)
        for byte in bytes {
            guard (48..<112).contains(byte) else { throw .character(Int(byte)) }
            let group = Int(byte - 48)
            // Seven groups hold any run and any difference between two.
            guard shift < 35 else { throw .length(run: counts.count) }
            number |= (group & 0x1F) << shift
            shift += 5
            isOpen = group & 0x20 != 0
            if isOpen { continue }
            if group & 0x10 != 0 { number |= -1 << shift }
            if counts.count > 2 { number += Int(counts[counts.count - 2]) }
            guard let count = UInt32(exactly: number) else { throw .length(run: counts.count) }
            sum += number
            guard sum <= pixels else { throw .tooMany(pixels: pixels) }
            counts.append(count)
            (number, shift) = (0, 0)
        }
        if isOpen { throw .truncated }
        guard sum == pixels else { throw .tooFew(found: sum, pixels: pixels) }
        self.init(unchecked: size, counts)
    }
}
