import Autograd
import Tensors
import TestSupport
import Testing

/// Results and gradients of one function under fixed operands and cotangents.
struct Evaluation<S: Scalar> {
    var outputs: [Tensor<S>]
    var cotangents: [Tensor<S>]
    var gradients: [Tensor<S>]

    /// - Parameter unused: positions of results that no gradient flows from.
    init(
        _ operands: [Tensor<Float>], seed: UInt64 = 7, unused: Set<Int> = [],
        _ function: ([Variable<S>]) -> [Variable<S>]
    ) {
        let tape = Tape<S>()
        let leaves = operands.map { tape.leaf(cast($0, to: S.self)) }
        let results = function(leaves)
        let cotangents = draws(results.map(\.shape), seed: seed).map { cast($0, to: S.self) }
        tape.backward(from: results.indices.filter { !unused.contains($0) }.map { (results[$0], cotangents[$0]) })
        self.cotangents = cotangents
        outputs = results.map(\.value)
        gradients = leaves.map { tape.gradient(of: $0) ?? .zeros($0.shape) }
    }

    var tensors: [Tensor<S>] { outputs + gradients }
}

/// Expects the fast kernels to give what the reference in double precision gives, forward and backward.
func expectAgreement(
    _ operands: [Tensor<Float>], tolerance: Double, _ name: String,
    _ fast: ([Variable<Float>]) -> [Variable<Float>], _ reference: ([Variable<Double>]) -> [Variable<Double>]
) {
    let a = Evaluation<Float>(operands, fast)
    let b = Evaluation<Double>(operands, reference)
    for (i, (x, y)) in zip(a.outputs, b.outputs).enumerated() {
        let error = relativeError(x, y)
        #expect(error <= tolerance, "\(name): result \(i) is off by \(error)")
    }
    for (i, (x, y)) in zip(a.gradients, b.gradients).enumerated() {
        let error = relativeError(x, y)
        #expect(error <= tolerance, "\(name): gradient \(i) is off by \(error)")
    }
}

/// Expects the same bits whatever the number of threads.
func expectSameOnAnyThreads(
    _ operands: [Tensor<Float>], _ name: String, _ function: ([Variable<Float>]) -> [Variable<Float>]
) {
    let violations = ThreadIndependence.violations { Evaluation(operands, function).tensors.map(\.bits) }
    #expect(violations == [], "\(name): one thread and so many differ")
}
