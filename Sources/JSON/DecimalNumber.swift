/// Turns a decimal number into the nearest `Double`, as fast as reading it for numbers of at most 19 digits.
package enum DecimalNumber {
    /// The powers of ten that are held exactly.
    private static let powersOfTen: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20,
        1e21, 1e22,
    ]
    /// The powers of five that fit 64 bits.
    private static let powersOfFive: [UInt64] = {
        var powers: [UInt64] = [1]
        for _ in 0..<27 { powers.append(powers[powers.count - 1] * 5) }
        return powers
    }()

    /// `digits` times ten to the power of `exponent`, correctly rounded; nil where that takes longer ways.
    package static func nearest(_ digits: UInt64, exponent: Int) -> Double? {
        if digits == 0 { return 0 }
        if digits < 1 << 53, (-22...22).contains(exponent) {
            // One correctly rounded operation on two exact numbers.
            let value = Double(digits)
            return exponent < 0 ? value / powersOfTen[-exponent] : value * powersOfTen[exponent]
        }
        guard (-27..<0).contains(exponent) else { return nil }
        // digits / 5^n by whole numbers, with 64 bits of the quotient and whether anything is left.
        let power = powersOfFive[-exponent]
        let (zeros, powerZeros) = (digits.leadingZeroBitCount, power.leadingZeroBitCount)
        let (numerator, divisor) = (digits << UInt64(zeros), power << UInt64(powerZeros))
        let isHalved = numerator >= divisor
        let high = isHalved ? numerator >> 1 : numerator
        let low = isHalved ? numerator << 63 : 0
        let (quotient, rest) = divisor.dividingFullWidth((high, low))
        // To 53 bits, halves to even.
        var significand = quotient >> 11
        let dropped = quotient & 0x7FF
        if dropped > 0x400 || dropped == 0x400 && (rest != 0 || significand & 1 == 1) { significand += 1 }
        let scale = -64 + (isHalved ? 1 : 0) + powerZeros - zeros + exponent + 11
        return Double(significand) * Double(bitPattern: UInt64(1023 + scale) << 52)
    }
}
