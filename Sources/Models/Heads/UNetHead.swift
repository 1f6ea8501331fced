import Autograd
import Layers
import Tensors

/// The decoder of a U-Net; parameter names are those of milesial's code. The answer is the logits at the finest map's
/// resolution, the image's over a U-Net's encoder.
package struct UNetHead: Head {
    static let output = "outc"
    package let specification: UNetHeadSpecification
    package var classes: Int { specification.classes }

    /// From the coarsest on.
    private let steps: [Step]
    private let classifier: Linear

    /// Enlarges a map, puts it beside the next finer one and convolves both.
    private struct Step {
        let path: String
        let up: TransposedConvolution?
        let convolutions: DoubleConvolution
    }

    init(_ scope: Scope, _ specification: UNetHeadSpecification, channels: [Int]) {
        self.specification = specification
        var inputs = channels[channels.count - 1]
        var steps: [Step] = []
        for (number, skip) in channels.dropLast().reversed().enumerated() {
            let scope = scope["up\(number + 1)"]
            if specification.bilinear {
                // The result has the channels of the finer map that it will stand beside.
                let finer = channels.count - 3 - number
                let both = skip + inputs
                let outputs = finer >= 0 ? channels[finer] : skip
                steps.append(
                    Step(
                        path: scope.path, up: nil,
                        convolutions: DoubleConvolution(
                            scope["conv"], inputs: both, outputs: outputs, middle: max(1, both / 2))))
                inputs = outputs
            } else {
                let up = TransposedConvolution(scope["up"], inputs: inputs, outputs: skip, kernel: 2, stride: 2)
                steps.append(
                    Step(
                        path: scope.path, up: up,
                        convolutions: DoubleConvolution(scope["conv"], inputs: 2 * skip, outputs: skip)))
                inputs = skip
            }
        }
        self.steps = steps
        classifier = Linear(
            scope[Self.output]["conv"], inputs: inputs, outputs: specification.classes, layout: .pointwise,
            initializer: .uniformFanIn, biasInitializer: .uniform(bound: 1 / Double(inputs).squareRoot()))
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let maps = features.maps
        var x = maps[maps.count - 1]
        for (step, skip) in zip(steps, maps.dropLast().reversed()) {
            let convolved = step.up?(x, context)
            let larger = LayerPath.$current.withValue(step.path) {
                let larger =
                    convolved
                    ?? x.resized(height: 2 * x.shape[1], width: 2 * x.shape[2], .bilinear(alignCorners: true))
                return larger.fitted(to: skip)
            }
            x = step.convolutions(joining: [skip, larger], context)
        }
        return [classifier(x, context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        var shape = maps[maps.count - 1]
        for (step, skip) in zip(steps, maps.dropLast().reversed()) {
            shape = try trace.enter(step.path, "enlarge and double convolution") {
                let larger = try step.up?.trace(shape, trace) ?? shape
                let both = skip.replacing(axis: -1, with: skip.columns + larger.columns)
                return (try step.convolutions.trace(both, trace), 0)
            }
        }
        try trace.enter(Self.output, "scores") { (try classifier.trace(shape, trace), 0) }
    }
}

extension Variable {
    /// Brought from twice the size of a halved map to that of the map: a row or a column of zeros at the end where halves
    /// were rounded down, as in milesial's code; interpolated where the sizes differ otherwise.
    func fitted(to map: Variable) -> Variable {
        let (rows, columns) = (map.shape[1] - shape[1], map.shape[2] - shape[2])
        guard (0...1).contains(rows), (0...1).contains(columns) else { return resized(like: map) }
        var x = self
        if columns > 0 {
            x = x.appendingZeros(perRow: shape[3]).reshaped([shape[0], shape[1], map.shape[2], shape[3]])
        }
        guard rows > 0 else { return x }
        let row = x.shape[2] * x.shape[3]
        return x.reshaped([x.shape[0], x.shape[1] * row]).appendingZeros(row)
            .reshaped([x.shape[0], map.shape[1], x.shape[2], x.shape[3]])
    }

    /// [N, H, W, C] -> [N, H, W C + count].
    private func appendingZeros(perRow count: Int) -> Variable {
        reshaped([shape[0], shape[1], shape[2] * shape[3]]).appendingZeros(count)
    }

    private func appendingZeros(_ count: Int) -> Variable {
        .concatenated([self, Variable(.zeros(shape.replacing(axis: -1, with: count)))])
    }
}
