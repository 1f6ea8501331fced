import Tensors
import Testing

@Suite struct KeptValuesTests {
    /// The nearest number with the upper half of a float's bits, found by trying both neighbours.
    private func rounded(_ x: Float) -> Float {
        let below = Float(bitPattern: x.bitPattern & 0xffff_0000)
        let above = Float(bitPattern: (x.bitPattern & 0xffff_0000) &+ 0x1_0000)
        let (down, up) = (abs(Double(x) - Double(below)), abs(Double(above) - Double(x)))
        if down != up { return down < up ? below : above }
        return below.bitPattern & 0x1_0000 == 0 ? below : above
    }

    @Test func halvesAreTheNearestBfloat16AndTiesGoToEven() {
        var random = Random(seed: 7, purpose: "kept values")
        var values: [Float] = [
            0, -0.0, 1, -1, 1.00390625, 1.01171875, -1.00390625, 3e38, Float(bitPattern: 0x0001_8000),
            Float(bitPattern: 0x8000_7fff),
        ]
        for exponent in -30...30 {
            values.append(Float(random.normal()) * Float(sign: .plus, exponent: exponent, significand: 1))
        }
        let kept = KeptValues(Tensor<Float>([values.count], values), halved: true)
        #expect(kept.isHalved)
        #expect(kept.whole.array == values.map(rounded))
    }

    @Test func whatIsNoNumberStaysNone() {
        let values: [Float] = [
            .nan, .infinity, -.infinity, Float(bitPattern: 0x7f80_0001), Float(bitPattern: 0xffff_ffff),
        ]
        let read = KeptValues(Tensor<Float>([values.count], values), halved: true).whole.array
        #expect(read.map(\.isNaN) == [true, false, false, true, true])
        #expect(read[1] == .infinity && read[2] == -.infinity)
    }

    /// Nothing is rounded unless products are.
    @Test func inSinglePrecisionAndInDoubleValuesStayAsTheyAre() {
        #expect(!KeptValues<Float>.areHalved)
        ProductPrecision.$current.withValue(.bfloat16) {
            #expect(!KeptValues<Double>.areHalved)
            #expect(KeptValues<Float>.areHalved == ProductPrecision.hasBFloat16)
        }
        let values: [Float] = [1.2345678, -3e-9, 0.1]
        #expect(KeptValues(Tensor<Float>([3], values)).whole.array == values)
    }

    @Test func doublesAreRoundedLikeFloats() {
        let values = (0..<40).map { Double($0 * $0) / 7 - 50 }
        let read = KeptValues(Tensor<Double>([40], values), halved: true).whole.array
        #expect(read == values.map { Double(rounded(Float($0))) })
    }
}
