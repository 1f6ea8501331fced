// Checks: whether a model computes what it should, against differences and against other programs.

import Autograd
import Layers
import Models
import Tensors

/// Compares the gradient of a whole model with central differences in `Double`: for the input and each parameter along
/// one random direction, with parameters redrawn so that every path carries signal, and no dropped paths.
package struct ModelGradientCheck {
    package struct Outcome: Sendable {
        package let name: String
        package let relativeError: Double
        package let bound: Double
        package var passed: Bool { relativeError <= bound }
    }

    package static let bound = 1e-5
    /// Larger inputs are cut to this side.
    package static let largestSide = 32

    private let model: any FeatureModel
    private let store: ParameterStore<Double>
    private let input: Tensor<Double>
    /// One for each tensor of the answer.
    private let cotangents: [Tensor<Double>]

    package init(_ specification: ModelSpecification, height: Int, width: Int, seed: UInt64 = 0) throws {
        let height = min(height, ModelGradientCheck.largestSide)
        let width = min(width, ModelGradientCheck.largestSide)
        model = try specification.makeModel(height: height, width: width)
        _ = try model.trace(height: height, width: width)
        store = ParameterStore(model.parameters, seed: seed)
        store.redraw(seed: seed)
        // What is held in training has a gradient all the same.
        store.isTrainable = store.isTrainable.map { _ in true }
        var random = Random(seed: seed, purpose: "model gradient check")
        input = .normal([2, height, width, specification.inputChannels], from: &random)
        let answer = model(Variable(input), Context(store, mode: .training)).answer
        cotangents = answer.map { .normal($0.shape, from: &random) }
    }

    /// Runs the check, calling `progress` after each tensor.
    package func run(progress: (Outcome) -> Void = { _ in }) -> [Outcome] {
        let tape = Tape<Double>()
        let context = Context(store, mode: .training, tape: tape)
        let images = tape.leaf(input)
        let answer = model(images, context).answer
        // The sum of all elements, each times its cotangent.
        let products = zip(answer, cotangents).map { ($0 * Variable($1)).mean().scaled(by: Double($1.elementCount)) }
        tape.backward(from: products.dropFirst().reduce(products[0]) { $0 + $1 })
        let gradients = Storage<Double>(count: store.list.flatCount)
        let missing = Set(context.collectGradients(into: gradients))

        let size = max(1, dot(answer.map(\.value)) { abs($0 * $1) })
        var outcomes: [Outcome] = []
        func add(_ name: String, _ gradient: [Double], _ move: ([Double], Double) -> Double) {
            var random = Random(seed: 1, purpose: "direction " + name)
            var direction = gradient.map { _ in random.normal() }
            let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
            direction = direction.map { $0 / length }
            let analytic = zip(gradient, direction).reduce(0) { $0 + $1.0 * $1.1 }
            // A random direction may happen to be nearly orthogonal to the gradient; its typical size counts then. A
            // gradient that is 0 but for rounding, such as that of key biases, is compared with the value's size.
            let typical = gradient.reduce(0) { $0 + $1 * $1 }.squareRoot() / Double(gradient.count).squareRoot()
            var error = Double.infinity
            // Kinks (relu, maxima) within the long step spoil it; a wrong gradient stays wrong at all steps.
            for step in [1e-3, 3e-5, 1e-6] where !(error <= ModelGradientCheck.bound) {
                let numeric =
                    (move(direction, -2 * step) - 8 * move(direction, -step) + 8 * move(direction, step)
                        - move(direction, 2 * step)) / (12 * step)
                error = min(error, abs(analytic - numeric) / max(abs(numeric), 0.1 * typical, 1e-6 * size))
            }
            let outcome = Outcome(
                name: name, relativeError: missing.contains(name) ? .infinity : error,
                bound: ModelGradientCheck.bound)
            outcomes.append(outcome)
            progress(outcome)
        }
        add("input", tape.gradient(of: images)?.array ?? []) { direction, step in
            value(Tensor(input.shape, zip(input.array, direction).map { $0 + step * $1 }))
        }
        for entry in store.list.entries {
            let gradient = Array(UnsafeBufferPointer(start: gradients.pointer + entry.offset, count: entry.range.count))
            add(entry.name, gradient) { direction, step in
                let target = store.flat.pointer + entry.offset
                let old = Array(UnsafeBufferPointer(start: target, count: entry.range.count))
                for (i, d) in direction.enumerated() { target[i] = old[i] + step * d }
                defer {
                    old.withUnsafeBufferPointer {
                        if let base = $0.baseAddress { target.update(from: base, count: old.count) }
                    }
                }
                return value(input)
            }
        }
        return outcomes
    }

    private func value(_ input: Tensor<Double>) -> Double {
        dot(model(Variable(input), Context(store, mode: .training)).answer.map(\.value)) { $0 * $1 }
    }

    /// The sum over all elements of an answer, each put together with its cotangent.
    private func dot(_ answer: [Tensor<Double>], _ product: (Double, Double) -> Double) -> Double {
        zip(answer, cotangents).reduce(0) { sum, pair in
            sum + zip(pair.0.array, pair.1.array).reduce(0) { $0 + product($1.0, $1.1) }
        }
    }
}
