import Autograd
import Layers
import Tensors
import Testing

@Suite struct ConvolutionTests {
    /// Rows and columns between the outermost pixels that one pixel in the middle of a stack's result is made of.
    private func receptiveField(_ dilations: [Int]) -> [Int] {
        let scope = Scope()
        let layers = dilations.enumerated().map { number, dilation in
            Convolution(
                scope[number], inputs: 1, outputs: 1, kernel: 3, padding: Pair(dilation), dilation: Pair(dilation),
                bias: false, initializer: .constant(1))
        }
        let tape = Tape<Double>()
        let context = Context(ParameterStore<Double>(scope.list, seed: 1), mode: .training, tape: tape)
        let x = tape.leaf(Tensor<Double>.zeros([1, 31, 31, 1]))
        let y = layers.reduce(x) { $1($0, context) }
        var middle = [Double](repeating: 0, count: 31 * 31)
        middle[15 * 31 + 15] = 1
        tape.backward(from: y, cotangent: Tensor(y.shape, middle))
        let reached = (tape.gradient(of: x)?.array ?? []).indices.filter { tape.gradient(of: x)?.array[$0] != 0 }
        let (rows, columns) = (reached.map { $0 / 31 }, reached.map { $0 % 31 })
        return [(rows.max() ?? 0) - (rows.min() ?? 0) + 1, (columns.max() ?? 0) - (columns.min() ?? 0) + 1]
    }

    @Test func dilationsThatDoubleSeeTwiceAsFar() {
        #expect(receptiveField([1]) == [3, 3])
        #expect(receptiveField([1, 2]) == [7, 7])
        #expect(receptiveField([1, 2, 4]) == [15, 15])
        #expect(receptiveField([2]) == [5, 5])
    }

    /// The matrix C of a 3x3 kernel makes 2x2 of 4x4; its transpose, C^T, makes 4x4 of 2x2 again.
    @Test func theTransposedMatrixLeadsBackToTheSize() {
        let weight = Variable(Tensor<Double>([1, 3, 3, 1], (1...9).map { Double($0) }))
        func unit(_ place: Int, _ shape: Shape) -> Variable<Double> {
            var values = [Double](repeating: 0, count: shape.elementCount)
            values[place] = 1
            return Variable(Tensor(shape, values))
        }
        // Column p of C is what pixel p alone makes; row q of C^T what pixel q of the small map makes.
        let columns = (0..<16).map { unit($0, [1, 4, 4, 1]).convolution(weight, nil).value.array }
        let rows = (0..<4).map { unit($0, [1, 2, 2, 1]).transposedConvolution(weight, nil).value.array }
        #expect(columns.allSatisfy { $0.count == 4 } && rows.allSatisfy { $0.count == 16 })
        for p in 0..<16 { for q in 0..<4 { #expect(columns[p][q] == rows[q][p]) } }
    }

    @Test func groupsDivideCountsAndParameters() throws {
        for groups in [1, 2, 4, 8] {
            let scope = Scope()
            let layer = Convolution(
                scope["conv"], inputs: 8, outputs: 16, kernel: 3, padding: 1, groups: groups, bias: false)
            let trace = ModelTrace(model: "net")
            #expect(try layer.trace([1, 5, 6, 8], trace) == [1, 5, 6, 16])
            #expect(trace.root.parameters == 9 * 8 * 16 / groups)
            #expect(trace.root.multiplyAdds == 30 * 9 * 8 * 16 / groups)
            #expect(scope.list.entries[0].fileShape == [16, 8 / groups, 3, 3])
        }
    }

    @Test func aFlippedLayerTurnsItsKernel() {
        let scope = Scope()
        let layer = Convolution(
            scope["a"], inputs: 2, outputs: 3, kernel: 3, padding: 1, flipped: true, biasInitializer: .constant(0.5))
        let deep = VolumeConvolution(scope["b"], inputs: 2, outputs: 3, kernel: 2, flipped: true, bias: false)
        let store = ParameterStore<Double>(scope.list, seed: 4)
        let x = Variable(Tensor<Double>([1, 4, 5, 2], (0..<40).map { cosine(Double($0)) }))
        let context = Context.evaluation(store)
        let expected = x.convolution(
            context[layer.weight].flippedTaps(), Variable(Tensor([3], repeating: 0.5)), padding: 1)
        #expect(layer(x, context).value.array == expected.value.array)
        let plain = x.convolution(context[layer.weight], nil, padding: 1)
        #expect(layer(x, context).value.array != plain.value.array)
        let volumes = x.reshaped([1, 2, 2, 5, 2])
        let turned = volumes.volumeConvolution(context[deep.weight].flippedTaps(), nil)
        #expect(deep(volumes, context).value.array == turned.value.array)
    }

    @Test func transposedLayersAgreeWithTheirTrace() throws {
        let scope = Scope()
        let maps = TransposedConvolution(
            scope["a"], inputs: 4, outputs: 6, kernel: 3, stride: 2, padding: 1, outputPadding: 1, groups: 2)
        let volumes = VolumeTransposedConvolution(
            scope["b"], inputs: 4, outputs: 6, kernel: Triple(3, 2, 3), stride: 2, padding: Triple(1, 0, 1),
            outputPadding: Triple(0, 0, 1), dilation: Triple(1, 2, 1), groups: 2)
        let store = ParameterStore<Double>(scope.list, seed: 2)
        let trace = ModelTrace(model: "net")
        let flat = try maps.trace([1, 5, 4, 4], trace)
        #expect(flat == [1, 10, 8, 6])
        #expect(maps(Variable(.zeros([1, 5, 4, 4])), .evaluation(store)).shape == flat)
        #expect(trace.root.multiplyAdds == 20 * 4 * 9 * 3)
        let deep = try volumes.trace([1, 3, 4, 5, 4], trace)
        #expect(volumes(Variable(.zeros([1, 3, 4, 5, 4])), .evaluation(store)).shape == deep)
        #expect(trace.root.multiplyAdds == 20 * 4 * 9 * 3 + 60 * 4 * 18 * 3)
        #expect(scope.list.entries.map(\.fileShape) == [[4, 3, 3, 3], [6], [4, 3, 3, 2, 3], [6]])
        #expect(throws: ModelError.self) {
            try TransposedConvolution(Scope()["c"], inputs: 1, outputs: 1, kernel: 2, stride: 1, padding: 2)
                .trace([1, 2, 2, 1], trace)
        }
    }

    /// A sequence is a map of one row.
    @Test func sequencesAreConvolved() throws {
        let scope = Scope()
        let layer = SequenceConvolution(scope["conv"], inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 1)
        let store = ParameterStore<Double>(scope.list, seed: 5)
        let x = (0..<14).map { cosine(Double($0)) }
        let y = layer(Variable(Tensor([1, 7, 2], x)), .evaluation(store)).value
        let (w, b) = (store[layer.weight].array, layer.bias.map { store[$0].array } ?? [])
        #expect(y.shape == [1, 4, 3])
        for t in 0..<4 {
            for o in 0..<3 {
                var sum = b[o]
                for k in 0..<3 where 0..<7 ~= 2 * t + k - 1 {
                    for c in 0..<2 { sum += w[(o * 3 + k) * 2 + c] * x[(2 * t + k - 1) * 2 + c] }
                }
                #expect(abs(y.array[t * 3 + o] - sum) < 1e-12)
            }
        }
        let trace = ModelTrace(model: "net")
        #expect(try layer.trace([1, 7, 2], trace) == [1, 4, 3])
        #expect(trace.root.multiplyAdds == 4 * 3 * 3 * 2 && scope.list.entries[0].fileShape == [3, 2, 3])
        #expect(throws: ModelError.self) {
            try SequenceConvolution(Scope()["short"], inputs: 1, outputs: 1, kernel: 5).trace([1, 3, 1], trace)
        }
    }
}
