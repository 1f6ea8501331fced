import Autograd
import Tensors
import TestSupport

/// A function of tensors that runs for every scalar type, so that `Float` kernels can be held against `Double` ones.
protocol ScalarFunction {
    func callAsFunction<S>(_ x: [Variable<S>]) -> [Variable<S>]
}

extension ScalarFunction {
    /// Results and gradients for operands drawn from the normal distribution and random cotangents.
    func evaluation<S: Scalar>(
        _ shapes: [Shape], scale: Float = 1, as type: S.Type, unused: Set<Int> = []
    ) -> Evaluation<S> {
        let operands = operands(shapes)
        return Evaluation(scale == 1 ? operands : operands.map { $0.scaled(by: scale) }, unused: unused) { self($0) }
    }

    /// The results, then the gradients of all operands.
    func run<S: Scalar>(_ shapes: [Shape], as type: S.Type, unused: Set<Int> = []) -> [Tensor<S>] {
        evaluation(shapes, as: type, unused: unused).tensors
    }

    /// The difference between `Float` and `Double` of each result and gradient, relative to the largest element of its
    /// tensor.
    func errors(_ shapes: [Shape], scale: Float = 1, unused: Set<Int> = []) -> [Double] {
        let fast = evaluation(shapes, scale: scale, as: Float.self, unused: unused)
        let reference = evaluation(shapes, scale: scale, as: Double.self, unused: unused)
        return zip(fast.tensors, reference.tensors).map { relativeError($0, $1) }
    }

    func largestError(_ shapes: [Shape], scale: Float = 1, unused: Set<Int> = []) -> Double {
        errors(shapes, scale: scale, unused: unused).max() ?? 0
    }

    /// The same where products are of bfloat16, and with them what is kept for gradients; empty on a processor without.
    func roundedErrors(_ shapes: [Shape]) -> [Double] {
        guard ProductPrecision.hasBFloat16 else { return [] }
        return ProductPrecision.$current.withValue(.bfloat16) { errors(shapes) }
    }

    /// The numbers of threads that give other bits than one thread does.
    func threadViolations(_ shapes: [Shape]) -> [Int] {
        ThreadIndependence.violations { run(shapes, as: Float.self).map(\.bits) }
    }
}
