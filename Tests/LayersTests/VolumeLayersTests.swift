import Autograd
import Layers
import Tensors
import Testing

/// Two convolutions of volumes with norms, pooling between, and a linear layer on the means.
private struct VolumeClassifier {
    let first: VolumeConvolution
    let second: VolumeConvolution
    let norms: [BatchNorm]
    let classifier: Linear

    init(_ scope: Scope, classes: Int) {
        first = VolumeConvolution(scope["first"], inputs: 1, outputs: 8, kernel: 3, padding: 1, bias: false)
        second = VolumeConvolution(scope["second"], inputs: 8, outputs: 16, kernel: 3, padding: 1, bias: false)
        norms = [BatchNorm(scope["norm1"], channels: 8), BatchNorm(scope["norm2"], channels: 16)]
        classifier = Linear(scope["classifier"], inputs: 16, outputs: classes, initializer: .uniformFanIn)
    }

    func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        let half = norms[0](relu: first(x, context), context).volumeMaxPooled(kernel: 2, stride: 2)
        return classifier(norms[1](relu: second(half, context), context).globalAveragePooled(), context)
    }
}

@Suite struct VolumeLayersTests {
    /// Noise with a bar along one of the three axes, which is the class.
    private func bars(_ count: Int, _ random: inout Random) -> (Tensor<Float>, [Int32]) {
        var values: [Float] = []
        var labels: [Int32] = []
        for _ in 0..<count {
            let axis = random.integer(below: 3)
            var volume = (0..<512).map { _ in Float(0.3 * random.normal()) }
            let (a, b) = (random.integer(below: 8), random.integer(below: 8))
            for k in 0..<8 {
                let place = axis == 0 ? [k, a, b] : axis == 1 ? [a, k, b] : [a, b, k]
                volume[(place[0] * 8 + place[1]) * 8 + place[2]] += 2
            }
            values += volume
            labels.append(Int32(axis))
        }
        return (Tensor([count, 8, 8, 8, 1], values), labels)
    }

    @Test func aSmallClassifierOfVolumesLearns() {
        let scope = Scope()
        let model = VolumeClassifier(scope, classes: 3)
        let store = ParameterStore<Float>(scope.list, seed: 1)
        var random = Random(seed: 7, purpose: "volumes")
        let gradients = Storage<Float>(count: store.list.flatCount)
        let velocity = Storage<Float>(count: store.list.flatCount)
        velocity.pointer.update(repeating: 0, count: store.list.flatCount)
        for _ in 0..<120 {
            let (volumes, labels) = bars(16, &random)
            let tape = Tape<Float>()
            let context = Context(store, mode: .training, tape: tape)
            tape.backward(from: model(Variable(volumes), context).crossEntropy(labels: labels))
            #expect(context.collectGradients(into: gradients) == [])
            store.apply(context.updates)
            for k in 0..<store.list.flatCount {
                velocity.pointer[k] = 0.9 * velocity.pointer[k] + gradients.pointer[k]
                store.flat.pointer[k] -= 0.05 * velocity.pointer[k]
            }
        }
        let (volumes, labels) = bars(120, &random)
        let scores = model(Variable(volumes), .evaluation(store)).value.array
        let right = labels.indices.filter { i in
            (0..<3).allSatisfy { scores[3 * i + $0] <= scores[3 * i + Int(labels[i])] }
        }
        #expect(right.count >= 108, "\(right.count) of 120")
    }

    @Test func theTraceCountsParametersAndMultiplyAdds() throws {
        let scope = Scope()
        let layer = VolumeConvolution(
            scope["conv"], inputs: 4, outputs: 6, kernel: Triple(3, 2, 1), stride: Triple(2, 1, 1), padding: 1,
            groups: 2)
        let trace = ModelTrace(model: "net")
        let output = try layer.trace([1, 5, 4, 3, 4], trace)
        #expect(output == [1, 3, 5, 5, 6])
        #expect(trace.root.multiplyAdds == 75 * 6 * 6 * 2)
        #expect(trace.root.parameters == 6 * 6 * 2 + 6)
        #expect(scope.list.entries.map(\.fileShape) == [[6, 2, 3, 2, 1], [6]])
        let store = ParameterStore<Float>(scope.list, seed: 1)
        #expect(layer(Variable(.zeros([1, 5, 4, 3, 4])), .evaluation(store)).shape == output)
        #expect(throws: ModelError.self) {
            try VolumeConvolution(Scope()["conv"], inputs: 1, outputs: 1, kernel: 5).trace([1, 4, 8, 8, 1], trace)
        }
    }

    /// The statistics of a batch norm are those of all axes but the last.
    @Test func aBatchNormTakesVolumes() {
        let scope = Scope()
        let norm = BatchNorm(scope["norm"], channels: 2)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let x = Variable(Tensor<Double>([2, 3, 2, 3, 2], (0..<72).map { cosine(1.3 * Double($0)) }))
        let y = norm(x, Context(store, mode: .training)).value.array
        for channel in 0..<2 {
            let own = y.indices.filter { $0 % 2 == channel }.map { y[$0] }
            #expect(abs(own.reduce(0, +)) < 1e-12)
            let squares = own.map { $0 * $0 }.reduce(0, +)
            #expect(abs(squares / Double(own.count) - 1) < 1e-3)
        }
    }
}
