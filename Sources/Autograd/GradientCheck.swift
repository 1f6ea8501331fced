import Tensors

/// One comparison of a hand-written gradient with central differences, in `Double`, under random cotangents.
public struct GradientCheck: Sendable {
    /// What is checked; see the initialiser.
    public let name: String
    /// The largest relative error that passes.
    public let bound: Double
    let inputs: @Sendable (inout Random) -> [Tensor<Double>]
    let function: @Sendable ([Variable<Double>]) -> [Variable<Double>]

    /// - Parameters:
    ///   - name: the operation, a slash, and what is special about the case: `"layerNorm/size 1"`.
    ///   - bound: 1e-6 for smooth operations.
    ///   - inputs: draws the operands; a gradient is checked for each of them. Operands of a function with kinks must
    ///     keep a distance of 0.01 from them.
    ///   - function: applies the operation; all results take part.
    public init(
        _ name: String, bound: Double = 1e-6, inputs: @escaping @Sendable (inout Random) -> [Tensor<Double>],
        function: @escaping @Sendable ([Variable<Double>]) -> [Variable<Double>]
    ) {
        self.name = name
        self.bound = bound
        self.inputs = inputs
        self.function = function
    }

    /// As above, for operands drawn from the standard normal distribution.
    public init(
        _ name: String, bound: Double = 1e-6, _ shapes: [Shape],
        function: @escaping @Sendable ([Variable<Double>]) -> [Variable<Double>]
    ) {
        self.init(
            name, bound: bound, inputs: { random in shapes.map { .normal($0, from: &random) } }, function: function)
    }

    /// What a check found.
    public struct Outcome: Sendable {
        /// What is checked; see the initialiser.
        public let name: String
        /// max |analytic - numeric| / max |numeric| over the elements of an operand, the largest of all operands.
        public let largestRelativeError: Double
        /// The largest error that passes.
        public let bound: Double
        /// The operations that the case put on the tape.
        public let operations: [Operation]
        /// Whether the error is within the bound.
        public var passed: Bool { largestRelativeError <= bound }
    }

    /// More elements than this per operand are sampled.
    private static let mostElements = 160

    /// Runs the check on operands drawn from the seed.
    public func run(seed: UInt64 = 0) -> Outcome {
        var random = Random(seed: seed, purpose: name)
        let operands = inputs(&random)
        let tape = Tape<Double>()
        let leaves = operands.map { tape.leaf($0) }
        let results = function(leaves)
        let operations = tape.operations
        let cotangents = results.map { Tensor<Double>.normal($0.shape, from: &random) }
        tape.backward(from: zip(results, cotangents).filter { $0.0.isTracked }.map { ($0, $1) })

        var worst = 0.0
        for (position, operand) in operands.enumerated() {
            let analytic = tape.gradient(of: leaves[position])?.array ?? operand.array.map { _ in 0 }
            var elements = Array(0..<operand.elementCount)
            if elements.count > GradientCheck.mostElements {
                elements = Array(random.permutation(elements.count).prefix(GradientCheck.mostElements))
            }
            var largest = 0.0
            var difference = 0.0
            for element in elements {
                let numeric = slope(operands, position, element, cotangents)
                largest = max(largest, abs(numeric), abs(analytic[element]))
                let error = abs(numeric - analytic[element])
                difference = error.isNaN ? .infinity : max(difference, error)
            }
            worst = max(worst, difference / max(largest, 1e-3))
        }
        return Outcome(name: name, largestRelativeError: worst, bound: bound, operations: operations)
    }

    /// The five-point central difference of the weighted sum of all results along one element.
    private func slope(
        _ operands: [Tensor<Double>], _ position: Int, _ element: Int, _ cotangents: [Tensor<Double>]
    ) -> Double {
        let step = 1e-3
        func sum(at offset: Double) -> Double {
            var moved = operands
            var values = operands[position].array
            values[element] += offset
            moved[position] = Tensor(operands[position].shape, values)
            var total = 0.0
            for (result, cotangent) in zip(function(moved.map { Variable($0) }), cotangents) {
                for (y, c) in zip(result.value.array, cotangent.array) { total += y * c }
            }
            return total
        }
        return (sum(at: -2 * step) - 8 * sum(at: -step) + 8 * sum(at: step) - sum(at: 2 * step)) / (12 * step)
    }
}
