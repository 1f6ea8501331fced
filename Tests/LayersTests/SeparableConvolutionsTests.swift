import Autograd
import Layers
import Tensors
import Testing

/// A layer with its values and what the shape pass finds.
private struct Built<L: Layer> {
    let layer: L
    let store: ParameterStore<Double>

    init(_ make: (Scope) throws -> L) rethrows {
        let scope = Scope()
        layer = try make(scope["conv"])
        store = ParameterStore(scope.list, seed: 3)
    }

    func callAsFunction(_ x: Variable<Double>) -> Variable<Double> { layer(x, .evaluation(store)) }

    func trace(_ input: Shape) throws -> (output: Shape, multiplyAdds: Int, parameters: Int) {
        let trace = ModelTrace(model: "net")
        let output = try layer.trace(input, trace)
        return (output, trace.root.multiplyAdds, trace.root.parameters)
    }
}

private func cosines(_ shape: Shape) -> Variable<Double> {
    Variable(Tensor(shape, (0..<shape.elementCount).map { cosine(1.7 * Double($0) + 0.3) }))
}

private func areClose(_ a: Variable<Double>, _ b: Variable<Double>) -> Bool {
    a.shape == b.shape && zip(a.value.array, b.value.array).allSatisfy { abs($0 - $1) < 1e-12 }
}

@Suite struct SeparableConvolutionsTests {
    /// 7x7x3 to 5x5x128 with kernels of 3x3: 86,400 multiplications, or 675 and 9,600.
    @Test func aDepthwiseSeparableConvolutionCostsAnEighth() throws {
        let standard = Built {
            Convolution($0, inputs: 3, outputs: 128, kernel: 3, bias: false)
        }
        let separable = Built {
            DepthwiseSeparableConvolution($0, inputs: 3, outputs: 128, padding: 0, bias: false)
        }
        let (whole, parts) = (try standard.trace([1, 7, 7, 3]), try separable.trace([1, 7, 7, 3]))
        #expect(whole.output == [1, 5, 5, 128] && parts.output == whole.output)
        #expect(whole.multiplyAdds == 86_400 && whole.parameters == 3456)
        #expect(parts.multiplyAdds == 675 + 9600 && parts.parameters == 27 + 384)
        #expect(separable(cosines([1, 7, 7, 3])).shape == [1, 5, 5, 128])
    }

    /// The share goes to 1 / k^2 with the number of filters, and is 1 / filters + 1 / k^2 for any.
    @Test(arguments: [3, 5])
    func theShareOfADepthwiseSeparableConvolutionHasALimit(kernel: Int) throws {
        for outputs in [8, 128, 1 << 16] {
            let input: Shape = [1, 12, 12, 4]
            let whole = try Built { Convolution($0, inputs: 4, outputs: outputs, kernel: Pair(kernel)) }.trace(input)
            let parts = try Built {
                DepthwiseSeparableConvolution($0, inputs: 4, outputs: outputs, kernel: kernel, padding: 0)
            }.trace(input)
            let share = Double(parts.multiplyAdds) / Double(whole.multiplyAdds)
            #expect(abs(share - (1 / Double(outputs) + 1 / Double(kernel * kernel))) < 1e-12)
            if outputs == 1 << 16 { #expect(abs(share - 1 / Double(kernel * kernel)) < 1e-4) }
        }
    }

    /// 5x5 to 3x3: 81 multiplications and 9 parameters, or 72 and 6.
    @Test func aColumnAndARowCostLess() throws {
        let square = try Built { Convolution($0, inputs: 1, outputs: 1, kernel: 3, bias: false) }.trace([1, 5, 5, 1])
        let separable = Built { SpatiallySeparableConvolution($0, inputs: 1, outputs: 1, padding: 0, bias: false) }
        let parts = try separable.trace([1, 5, 5, 1])
        #expect(square.multiplyAdds == 81 && square.parameters == 9)
        #expect(parts.multiplyAdds == 45 + 27 && parts.parameters == 6 && parts.output == [1, 3, 3, 1])
        #expect(separable(cosines([1, 5, 5, 1])).shape == [1, 3, 3, 1])
    }

    /// (2 N - m + 1) / (m (N - m + 1)) goes to 2 / m.
    @Test func theShareOfAColumnAndARowHasALimit() throws {
        for (size, kernel, share) in [(5, 3, 0.8889), (224, 3, 0.66967), (224, 5, 0.40364), (224, 7, 0.28965)] {
            let input: Shape = [1, size, size, 1]
            let whole = try Built { Convolution($0, inputs: 1, outputs: 1, kernel: Pair(kernel)) }.trace(input)
            let parts = try Built {
                SpatiallySeparableConvolution($0, inputs: 1, outputs: 1, kernel: kernel, padding: 0)
            }.trace(input)
            let found = Double(parts.multiplyAdds) / Double(whole.multiplyAdds)
            #expect(abs(found - share) < 5e-5, "\(size), \(kernel)")
            if size == 224 { #expect(abs(found - 2 / Double(kernel)) < 0.005) }
        }
    }

    /// Sobel's kernel is (1, 2, 1) times (-1, 0, 1); on a slope every difference is 8.
    @Test(arguments: [0, 1])
    func aKernelOfRankOneIsItsColumnThenItsRow(padding: Int) {
        let x = Variable<Double>(Tensor([1, 5, 5, 1], (0..<25).map { Double($0) }))
        let (column, row): ([Double], [Double]) = ([1, 2, 1], [-1, 0, 1])
        let square = Variable(Tensor([1, 3, 3, 1], column.flatMap { c in row.map { c * $0 } }))
        let separable = Built {
            SpatiallySeparableConvolution($0, inputs: 1, outputs: 1, padding: padding, bias: false)
        }
        for (values, at) in [(column, separable.layer.vertical.weight), (row, separable.layer.horizontal.weight)] {
            separable.store[at].read { UnsafeMutablePointer(mutating: $0).update(from: values, count: 3) }
        }
        let y = separable(x)
        #expect(areClose(y, x.convolution(square, nil, padding: Pair(padding))))
        if padding == 0 { #expect(y.value.array == [Double](repeating: 8, count: 9)) }
    }

    /// w[f, u, v, c] = lateral[f, c] vertical[f, u] horizontal[f, v].
    @Test func threeFlatKernelsAreOneOfRankOne() throws {
        let flat = Built { FlattenedConvolution($0, inputs: 3, outputs: 4, padding: 0, bias: false) }
        func values(of part: Convolution) -> [Double] { flat.store[part.weight].array }
        let (across, down, along) = (
            values(of: flat.layer.lateral), values(of: flat.layer.vertical), values(of: flat.layer.horizontal)
        )
        var dense: [Double] = []
        for f in 0..<4 {
            for tap in 0..<9 {
                let spatial: Double = down[f * 3 + tap / 3] * along[f * 3 + tap % 3]
                for c in 0..<3 { dense.append(across[f * 3 + c] * spatial) }
            }
        }
        let x = cosines([2, 6, 7, 3])
        #expect(areClose(flat(x), x.convolution(Variable(Tensor([4, 3, 3, 3], dense)), nil)))
        let counts = try Built { FlattenedConvolution($0, inputs: 3, outputs: 128, padding: 0, bias: false) }
            .trace([1, 7, 7, 3])
        #expect(counts.multiplyAdds == 18_816 + 13_440 + 9600 && counts.parameters == 1152)
        #expect(counts.output == [1, 5, 5, 128])
    }

    @Test func theirPartsAreNamedInFiles() {
        let scope = Scope()
        _ = DepthwiseSeparableConvolution(scope["a"], inputs: 4, outputs: 6)
        _ = SpatiallySeparableConvolution(scope["b"], inputs: 4, outputs: 6, middle: 5)
        _ = FlattenedConvolution(scope["c"], inputs: 4, outputs: 6, bias: false)
        let shapes = scope.list.entries.map { "\($0.name) \($0.fileShape)" }
        #expect(
            shapes == [
                "a.depthwise.weight [4, 1, 3, 3]", "a.pointwise.weight [6, 4, 1, 1]", "a.pointwise.bias [6]",
                "b.vertical.weight [5, 4, 3, 1]", "b.horizontal.weight [6, 5, 1, 3]", "b.horizontal.bias [6]",
                "c.lateral.weight [6, 4, 1, 1]", "c.vertical.weight [6, 1, 3, 1]", "c.horizontal.weight [6, 1, 1, 3]",
            ])
    }
}
