import Tensors

extension Operation { package static let softShrink = Operation("softShrink") }

extension Variable {
    /// Each element moved towards zero by a threshold of at least 0: x - t beyond t, x + t below -t, zero between. Gradient:
    /// g where x is beyond the threshold, zero elsewhere and at the threshold itself.
    public func softShrunk(_ threshold: Double) -> Variable {
        require(threshold >= 0, Operation.softShrink.name, [shape], "the threshold \(threshold) must not be negative")
        let (x, threshold) = (value, S(threshold))
        return Self.record(.softShrink, [self], x.softShrunk(threshold)) { g, _ in
            [x.softShrinkGradient(threshold, g)]
        }
    }
}

extension GradientCheck {
    /// Elements at least 0.01 away from the threshold.
    private static func shrink(_ name: String, _ input: Shape, _ threshold: Double) -> GradientCheck {
        GradientCheck(
            "softShrink" + name,
            inputs: { random in
                [
                    Tensor(
                        input,
                        (0..<input.elementCount).map { _ in
                            let x = random.normal()
                            return abs(abs(x) - threshold) < 0.01 ? x * 1.1 + 0.02 : x
                        })
                ]
            }, function: { [$0[0].softShrunk(threshold)] })
    }

    static let softShrink: [GradientCheck] = [
        shrink("", [3, 1, 7], 0.5), shrink("/threshold 0", [2, 5], 0),
    ]
}
