import Tensors

extension Operation {
    package static let softmax = Operation("softmax")
    package static let logSoftmax = Operation("logSoftmax")
}

extension Variable {
    /// e^x / sum(e^x) over the last axis. Gradient: y (g - sum(g y)).
    public func softmax() -> Variable {
        require(shape.rank >= 1 && shape.columns > 0, "softmax", [shape], "there must be a last axis that is not empty")
        let y = value.softmax()
        return Self.record(.softmax, [self], y) { g, _ in [y.softmaxGradient(g)] }
    }

    /// x - log(sum(e^x)) over the last axis. Gradient: g - e^y sum(g).
    public func logSoftmax() -> Variable {
        require(
            shape.rank >= 1 && shape.columns > 0, "logSoftmax", [shape], "there must be a last axis that is not empty")
        let y = value.logSoftmax()
        return Self.record(.logSoftmax, [self], y) { g, _ in [y.logSoftmaxGradient(g)] }
    }
}

extension GradientCheck {
    static let softmax: [GradientCheck] = [
        GradientCheck("softmax", [[3, 2, 7]]) { [$0[0].softmax()] },
        GradientCheck("softmax/one row", [[5]]) { [$0[0].softmax()] },
        GradientCheck("softmax/size 1", [[3, 1]]) { [$0[0].softmax()] },
        GradientCheck("logSoftmax", [[3, 2, 7]]) { [$0[0].logSoftmax()] },
        GradientCheck("logSoftmax/size 1", [[3, 1]]) { [$0[0].logSoftmax()] },
    ]
}
