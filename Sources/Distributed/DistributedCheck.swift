import Tensors

/// What ranks can tell about themselves before anything is trained: whether sums of a known array are those of one rank,
/// bit for bit, and how long they take.
package struct DistributedCheck: Sendable {
    package struct Sum: Sendable {
        /// Of the array.
        package let bytes: Int
        /// What a rank sends for one sum.
        package let sentBytes: Int
        /// The median over a few sums, between the ranks only.
        package let milliseconds: Double
        /// Of the sum's bits; the same for every number of ranks.
        package let checksum: String
    }

    package let sums: [Sum]
    package let slices: Int

    /// Sums arrays of some sizes over all ranks.
    /// - Parameter counts: the numbers of elements, of type float.
    /// - Throws: `DistributedError` where ranks differ from each other or from one that does it alone.
    package init(_ group: ProcessGroup, counts: [Int], repetitions: Int = 5) throws {
        let slices = max(16, group.size)
        var sums: [Sum] = []
        for count in counts {
            let sum = try SliceSum<Float>(slices: slices, count: count, in: group)
            try Self.add(sum)
            let checksum = Self.checksum(sum.total)
            try group.agree("sums of \(count) floats", checksum)
            let alone = try group.onRoot {
                let sum = try SliceSum<Float>(slices: slices, count: count, in: .alone())
                try Self.add(sum)
                return [UInt8](Self.checksum(sum.total).utf8)
            }
            let expected = String(decoding: alone, as: UTF8.self)
            guard expected == checksum else {
                throw group.common(
                    DistributedError(
                        "the sum of \(count) floats over \(group.size) ranks is \(checksum), but \(expected) on one rank"
                    ))
            }
            let sent = sum.sentBytes
            var times: [Double] = []
            for _ in 0..<repetitions {
                for _ in sum.ownSlices { sum.take() }
                try group.barrier()
                let start = ContinuousClock.now
                _ = try sum.finish()
                let (seconds, attoseconds) = start.duration(to: .now).components
                times.append(Double(seconds) * 1e3 + Double(attoseconds) * 1e-15)
            }
            sums.append(
                Sum(
                    bytes: count * MemoryLayout<Float>.stride, sentBytes: sent,
                    milliseconds: times.sorted()[repetitions / 2], checksum: checksum))
        }
        (self.sums, self.slices) = (sums, slices)
    }

    /// A sum of arrays whose numbers follow from the slice and the place alone.
    private static func add(_ sum: SliceSum<Float>) throws {
        for slice in sum.ownSlices {
            let start = sum.next.pointer
            parallelFor(sum.next.count, grain: elementGrain) { range in
                for i in range { start[i] = value(slice, i) }
            }
            sum.take()
        }
        _ = try sum.finish()
    }

    /// Numbers of sizes from 2^-8 to 2^8, so that each order of adding them rounds in its own way.
    private static func value(_ slice: Int, _ i: Int) -> Float {
        var bits = UInt64(truncatingIfNeeded: i) &* 0x9e37_79b9_7f4a_7c15 &+ UInt64(slice) &* 0xc2b2_ae3d_27d4_eb4f
        bits ^= bits >> 31
        bits = bits &* 0xbf58_476d_1ce4_e5b9
        bits ^= bits >> 29
        let fraction = Float(Int64(bitPattern: bits) >> 40) * 0x1p-23
        return fraction * Float(sign: .plus, exponent: Int(bits & 15) - 8, significand: 1)
    }

    /// FNV-1a over the words of the sum, as 16 digits.
    private static func checksum(_ values: Storage<Float>) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for i in 0..<values.count {
            hash = (hash ^ UInt64(values.pointer[i].bitPattern)) &* 0x100_0000_01b3
        }
        let digits = String(hash, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
