// Operations: one file for each, with what it computes and its gradient; the loops themselves are in Tensors and
// CKernels.

import Tensors

extension Operation {
    package static let add = Operation("add")
    package static let subtract = Operation("subtract")
    package static let multiply = Operation("multiply")
    package static let divide = Operation("divide")
    package static let scale = Operation("scale")
    package static let sum = Operation("sum")
    package static let reshape = Operation("reshape")
}

extension Variable {
    /// a + b with sizes of 1 stretched. Gradient: g for both, summed over stretched axes.
    public static func + (a: Variable, b: Variable) -> Variable {
        let (shapeA, shapeB) = (a.shape, b.shape)
        return Self.record(.add, [a, b], a.value + b.value) { g, needs in
            [needs[0] ? g.summed(to: shapeA) : nil, needs[1] ? g.summed(to: shapeB) : nil]
        }
    }

    /// a - b with sizes of 1 stretched. Gradient: g and -g, summed over stretched axes.
    public static func - (a: Variable, b: Variable) -> Variable {
        let (shapeA, shapeB) = (a.shape, b.shape)
        return Self.record(.subtract, [a, b], a.value - b.value) { g, needs in
            [needs[0] ? g.summed(to: shapeA) : nil, needs[1] ? g.summed(to: shapeB).scaled(by: -1) : nil]
        }
    }

    /// a b, element by element, with sizes of 1 stretched. Gradient: g b and g a, summed over stretched axes.
    public static func * (a: Variable, b: Variable) -> Variable {
        let (x, y) = (a.value, b.value)
        return Self.record(.multiply, [a, b], x * y) { g, needs in
            [needs[0] ? (g * y).summed(to: x.shape) : nil, needs[1] ? (g * x).summed(to: y.shape) : nil]
        }
    }

    /// a / b, element by element, with sizes of 1 stretched. Gradient: g / b and -g a / b^2, summed over stretched
    /// axes.
    public static func / (a: Variable, b: Variable) -> Variable {
        let (x, y) = (a.value, b.value)
        let quotient = x / y
        return Self.record(.divide, [a, b], quotient) { g, needs in
            let scaled = g / y
            return [
                needs[0] ? scaled.summed(to: x.shape) : nil,
                needs[1] ? (scaled * quotient).summed(to: y.shape).scaled(by: -1) : nil,
            ]
        }
    }

    /// factor x. Gradient: factor g.
    public func scaled(by factor: S) -> Variable {
        Self.record(.scale, [self], value.scaled(by: factor)) { g, _ in [g.scaled(by: factor)] }
    }

    /// The sum of all elements, []. Gradient: g everywhere.
    public func sum() -> Variable {
        let shape = shape
        return Self.record(.sum, [self], value.summed()) { g, _ in [Tensor(shape, repeating: g.item)] }
    }

    /// The mean of all elements, [].
    public func mean() -> Variable { sum().scaled(by: 1 / S(shape.elementCount)) }

    /// The same elements under another shape. Gradient: g under the old one.
    public func reshaped(_ newShape: Shape) -> Variable {
        let old = shape
        let result = Self.record(.reshape, [self], value.reshaped(newShape)) { g, _ in [g.reshaped(old)] }
        guard let recipe else { return result }
        return result.recomputed(staysMade: false) { recipe.tensor.reshaped(newShape) }
    }
}

extension GradientCheck {
    static let arithmetic: [GradientCheck] = [
        GradientCheck("add", [[2, 3, 4], [2, 3, 4]]) { [$0[0] + $0[1]] },
        GradientCheck("add/row", [[2, 3, 4], [4]]) { [$0[0] + $0[1]] },
        GradientCheck("add/both stretched", [[2, 1, 4], [3, 1]]) { [$0[0] + $0[1]] },
        GradientCheck("add/itself", [[2, 3]]) { [$0[0] + $0[0]] },
        GradientCheck("subtract", [[3, 4], [3, 1]]) { [$0[0] - $0[1]] },
        GradientCheck("multiply", [[2, 3, 4], [2, 3, 4]]) { [$0[0] * $0[1]] },
        GradientCheck("multiply/per sample", [[3, 2, 4], [3, 1, 1]]) { [$0[0] * $0[1]] },
        GradientCheck("multiply/scalar", [[5], []]) { [$0[0] * $0[1]] },
        GradientCheck("multiply/itself", [[4]]) { [$0[0] * $0[0]] },
        GradientCheck(
            "divide", inputs: { [.normal([3, 4], from: &$0), .uniform([1, 4], 0.5, 2, from: &$0)] },
            function: { [$0[0] / $0[1]] }),
        GradientCheck("scale", [[3, 1]]) { [$0[0].scaled(by: -1.5)] },
        GradientCheck("sum", [[3, 1, 2]]) { [$0[0].sum()] },
        GradientCheck("reshape", [[3, 4]]) { [$0[0].reshaped([2, 6])] },
    ]
}
