import Tensors

extension Operation {
    package static let dropout = Operation("dropout")
    package static let dropPath = Operation("dropPath")
}

extension Variable {
    /// Each element kept with probability 1 - rate and divided by it, 0 otherwise. The choice is a pure function of the
    /// key and the element's position; the gradient makes it again: g where x was kept, divided alike. Srivastava et
    /// al., JMLR 15, 2014.
    public func dropout(rate: Double, key: RandomKey) -> Variable {
        requireDropRate("dropout", shape, rate)
        if rate == 0 { return self }
        return Self.record(.dropout, [self], value.dropout(rate: rate, key: key)) { g, _ in
            [g.dropout(rate: rate, key: key)]
        }
    }

    /// Each sample (first axis) kept with probability 1 - rate and divided by it, 0 otherwise; a pure function of the
    /// key and the sample's position. Gradient: g times the same factors. Huang et al., arXiv 1603.09382.
    public func dropPath(rate: Double, key: RandomKey) -> Variable {
        requireDropRate("dropPath", shape, rate)
        require(shape.rank >= 1, "dropPath", [shape], "there must be an axis of samples")
        if rate == 0 { return self }
        let factors = Tensor<S>.dropPathFactors(shape[0], rate: rate, key: key)
        return Self.record(.dropPath, [self], value.scaledPerSample(factors)) { g, _ in [g.scaledPerSample(factors)] }
    }
}

func requireDropRate(_ operation: String, _ shape: Shape, _ rate: Double) {
    require(rate >= 0 && rate < 1, operation, [shape], "the rate \(rate) must lie in 0..<1")
}

extension Variable {
    /// The factors of an operation that drops a branch for some samples; nil when it drops none. Stops when the rate is
    /// impossible or there are no samples.
    func branchFactors(_ operation: String, rate: Double, key: RandomKey?) -> Tensor<S>? {
        requireDropRate(operation, shape, rate)
        guard let key, rate > 0 else { return nil }
        require(shape.rank >= 2, operation, [shape], "there must be an axis of samples")
        return .dropPathFactors(shape[0], rate: rate, key: key)
    }
}

extension GradientCheck {
    private static let dropKey = RandomKey(seed: 1, purpose: "gradient check")

    static let dropout: [GradientCheck] = [
        GradientCheck("dropout", [[3, 5, 3]]) { [$0[0].dropout(rate: 0.4, key: dropKey)] },
        GradientCheck("dropPath", [[7, 2, 3]]) { [$0[0].dropPath(rate: 0.4, key: dropKey)] },
    ]
}
