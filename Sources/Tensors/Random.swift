/// Names one stream of random numbers: a pure function of a seed, a purpose and up to two indices (an epoch and a
/// sample, say). Two runs that ask for the same key read the same numbers, on any number of threads, in any order.
public struct RandomKey: Sendable, Hashable {
    let key: UInt64
    let stream: UInt64
    /// The position of the stream that counts as its first.
    private(set) var first: UInt64 = 0

    /// - Parameters:
    ///   - seed: the run's seed.
    ///   - purpose: what the numbers are for, `"shuffle"` or a layer's path; different purposes never share numbers.
    ///   - first: an index within the purpose, such as the epoch or the step.
    ///   - second: a further index, such as the sample.
    public init(seed: UInt64, purpose: String, _ first: Int = 0, _ second: Int = 0) {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325  // FNV-1a: stable between runs, unlike `Hasher`.
        for byte in purpose.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        key = mix(seed &+ mix(hash))
        stream = mix(UInt64(bitPattern: Int64(first)) &+ mix(UInt64(bitPattern: Int64(second)) ^ hash))
    }

    /// The generator's key, and the upper half of its counter, as they are.
    package init(key: UInt64, stream: UInt64) {
        self.key = key
        self.stream = stream
    }

    /// A key for a part of this one's purpose.
    public func derived(_ purpose: String, _ first: Int = 0, _ second: Int = 0) -> RandomKey {
        RandomKey(seed: key ^ mix(stream), purpose: purpose, first, second)
    }

    /// The same stream, entered at a position: what a part of a batch draws is what the whole batch draws there.
    public func starting(at position: Int) -> RandomKey {
        var key = self
        key.first = UInt64(position)
        return key
    }

    /// The four 32-bit words at a position of the stream.
    public func block(_ index: UInt64) -> SIMD4<UInt32> { philox(index &+ first) }

    private func philox(_ index: UInt64) -> SIMD4<UInt32> {
        // Four variables: elements of a vector would go in and out of it in every round.
        var (x0, x1) = (UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32))
        var (x2, x3) = (UInt32(truncatingIfNeeded: stream), UInt32(truncatingIfNeeded: stream >> 32))
        var k0 = UInt32(truncatingIfNeeded: key)
        var k1 = UInt32(truncatingIfNeeded: key >> 32)
        for _ in 0..<10 {
            let p0 = UInt64(x0) &* 0xD251_1F53
            let p1 = UInt64(x2) &* 0xCD9E_8D57
            x0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ x1 ^ k0
            x1 = UInt32(truncatingIfNeeded: p1)
            x2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ x3 ^ k1
            x3 = UInt32(truncatingIfNeeded: p0)
            k0 &+= 0x9E37_79B9
            k1 &+= 0xBB67_AE85
        }
        return SIMD4(x0, x1, x2, x3)
    }
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
private func mix(_ value: UInt64) -> UInt64 {
    var z = value &+ 0x9e37_79b9_7f4a_7c15
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
}

/// Reads a key's stream in order. The generator is Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as
/// 1, 2, 3", 2011), which has no state but the position.
public struct Random: RandomNumberGenerator, Sendable {
    let key: RandomKey
    private var position: UInt64 = 0
    private var words = SIMD4<UInt32>()
    private var used = 4
    private var spareNormal: Double?

    /// The stream of a key, from its start.
    public init(_ key: RandomKey) { self.key = key }

    /// The stream of a seed for a purpose; other purposes and numbers give other streams.
    public init(seed: UInt64, purpose: String, _ first: Int = 0, _ second: Int = 0) {
        self.init(RandomKey(seed: seed, purpose: purpose, first, second))
    }

    mutating func word() -> UInt32 {
        if used == 4 {
            words = key.block(position)
            position += 1
            used = 0
        }
        used += 1
        return words[used - 1]
    }

    /// 64 random bits.
    public mutating func next() -> UInt64 {
        let low = UInt64(word())
        return low | UInt64(word()) << 32
    }

    /// A number in [0, 1), a multiple of 2^-53.
    public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

    /// A number in [low, high).
    public mutating func uniform(_ low: Double, _ high: Double) -> Double { low + (high - low) * uniform() }

    /// An integer in 0..<bound, without bias.
    public mutating func integer(below bound: Int) -> Int { Int(next(upperBound: UInt64(bound))) }

    /// True with the given probability.
    public mutating func chance(_ probability: Double) -> Bool { uniform() < probability }

    /// A draw from the standard normal distribution (polar method).
    public mutating func normal() -> Double {
        if let spare = spareNormal {
            spareNormal = nil
            return spare
        }
        while true {
            let u = 2 * uniform() - 1
            let v = 2 * uniform() - 1
            let s = u * u + v * v
            guard s < 1, s > 0 else { continue }
            let factor = (-2 * logarithm(s) / s).squareRoot()
            spareNormal = v * factor
            return u * factor
        }
    }

    /// A draw from the gamma distribution with the given shape and scale 1 (Marsaglia and Tsang, 2000).
    public mutating func gamma(_ shape: Double) -> Double {
        if shape < 1 { return gamma(shape + 1) * power(1 - uniform(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard v > 0 else { continue }
            if logarithm(1 - uniform()) < 0.5 * x * x + d - d * v + d * logarithm(v) { return d * v }
        }
    }

    /// A draw from the beta distribution, in 0...1 for every pair of parameters above 0.
    public mutating func beta(_ a: Double, _ b: Double) -> Double {
        let (x, logX) = gammaWithLogarithm(a)
        let (y, logY) = gammaWithLogarithm(b)
        let sum = x + y
        if sum > 0, sum.isFinite { return x / sum }
        // Small parameters: both draws vanish, and only their logarithms tell which one is larger.
        let odds = exponential(logY - logX)
        if odds.isNaN { return chance(0.5) ? 1 : 0 }
        return 1 / (1 + odds)
    }

    /// A draw from the gamma distribution and its logarithm, which is there where the draw itself is too small to be held.
    private mutating func gammaWithLogarithm(_ shape: Double) -> (value: Double, logarithm: Double) {
        guard shape < 1 else {
            let value = gamma(shape)
            return (value, Tensors.logarithm(value))
        }
        let base = gamma(shape + 1)
        let uniform = 1 - uniform()
        return (base * power(uniform, 1 / shape), Tensors.logarithm(base) + Tensors.logarithm(uniform) / shape)
    }

    /// The numbers 0..<count in random order (Fisher and Yates).
    public mutating func permutation(_ count: Int) -> [Int] {
        var order = Array(0..<count)
        for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
        return order
    }
}
