import Autograd
import Layers
import Tensors
import Testing

/// a sin(0.5 i + phase) for element i in row-major order.
private func fill(_ shape: [Int], _ a: Double, _ phase: Double) -> [Double] {
    (0..<shape.reduce(1, *)).map { i in
        // sin x = cos (x - pi / 2); the package has the cosine of the C library.
        a * cosine(0.5 * Double(i) + phase - Double.pi / 2)
    }
}

private func named(_ name: String, _ shape: [Int], _ a: Double, _ phase: Double, plus offset: Double = 0) -> NamedArray<
    Double
> {
    NamedArray(name: name, shape: shape, values: fill(shape, a, phase).map { offset + $0 })
}

/// The numbers below come from an implementation of their own in double precision, Scripts/fixtures/literals.py.
@Suite struct GnConvTests {
    /// [1, C, H, W] as a map with the channels last, through the layer, and back in PyTorch's order.
    private func run(_ layer: some Layer, _ scope: Scope, _ arrays: [NamedArray<Double>], _ input: [Int]) -> [Double] {
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let report = store.load(arrays)
        #expect(report == LoadReport(), "\(report)")
        let x = Tensor(Shape(input), fill(input, 1, 0.1)).transposed([0, 2, 3, 1])
        return layer(Variable(x), .evaluation(store)).value.transposed([0, 3, 1, 2]).array
    }

    private func expect(
        _ y: [Double], sum: Double, norm: Double, first: [Double], last: Double,
        location: SourceLocation = #_sourceLocation
    ) {
        let total: Double = y.reduce(0, +)
        let squares: Double = y.reduce(0) { $0 + $1 * $1 }
        #expect(abs(total - sum) < 2e-9, sourceLocation: location)
        #expect(abs(squares.squareRoot() - norm) < 2e-9, sourceLocation: location)
        for (found, expected) in zip(y, first) { #expect(abs(found - expected) < 1e-9, sourceLocation: location) }
        #expect(abs((y.last ?? .nan) - last) < 1e-9, sourceLocation: location)
    }

    private func projections(_ prefix: String = "") -> [NamedArray<Double>] {
        [
            named(prefix + "proj_in.weight", [16, 8, 1, 1], 0.5, 0.1), named(prefix + "proj_in.bias", [16], 0.2, 0.2),
            named(prefix + "pws.0.weight", [4, 2, 1, 1], 0.5, 0.5), named(prefix + "pws.0.bias", [4], 0.2, 0.6),
            named(prefix + "pws.1.weight", [8, 4, 1, 1], 0.5, 0.7), named(prefix + "pws.1.bias", [8], 0.2, 0.8),
            named(prefix + "proj_out.weight", [8, 8, 1, 1], 0.5, 0.9), named(prefix + "proj_out.bias", [8], 0.2, 1.0),
        ]
    }

    private func filter(_ prefix: String, _ channels: Int, _ rows: Int, _ columns: Int) -> [NamedArray<Double>] {
        [
            named(prefix + "complex_weight", [channels / 2, rows, columns, 2], 0.5, 0.7),
            named(prefix + "dw.weight", [channels / 2, 1, 3, 3], 0.3, 0.2),
            named(prefix + "pre_norm.weight", [channels], 0.1, 0.3, plus: 1),
            named(prefix + "pre_norm.bias", [channels], 0.1, 0.4),
            named(prefix + "post_norm.weight", [channels], 0.1, 0.5, plus: 1),
            named(prefix + "post_norm.bias", [channels], 0.1, 0.6),
        ]
    }

    @Test func depthwiseVariantGivesTheReferenceNumbers() throws {
        let scope = Scope()
        let layer = try GnConv(scope, channels: 8, order: 3, mixer: .depthwise7x7)
        let arrays =
            projections() + [named("dwconv.weight", [14, 1, 7, 7], 0.3, 0.3), named("dwconv.bias", [14], 0.2, 0.4)]
        expect(
            run(layer, scope, arrays, [1, 8, 5, 6]), sum: 8.372311137, norm: 2.326458202,
            first: [0.172867013, 0.178676660, 0.175595064, 0.172462126], last: -0.155379726)
    }

    @Test func globalFilterVariantGivesTheReferenceNumbers() throws {
        let scope = Scope()
        let layer = try GnConv(scope, channels: 8, order: 3, mixer: .globalFilter(rows: 5, columns: 4))
        expect(
            run(layer, scope, projections() + filter("dwconv.", 14, 5, 4), [1, 8, 5, 6]), sum: 8.063025903,
            norm: 2.529127417, first: [0.127439173, 0.134742486, 0.134050537, 0.147112316], last: -0.178568934)
    }

    @Test func globalLocalFilterGivesTheReferenceNumbers() {
        func result(_ height: Int, _ width: Int) -> [Double] {
            let scope = Scope()
            let layer = GlobalLocalFilter(scope, channels: 4, rows: 3, columns: 3)
            return run(layer, scope, filter("", 4, 3, 3), [1, 4, height, width])
        }
        expect(
            result(3, 4), sum: 3.846262747, norm: 7.456168177,
            first: [1.746306273, 1.666586992, 1.833791072, 0.935185767], last: -1.787340277)
        // A map of 5x7 has a half spectrum of 5x4, so the filter is resized.
        expect(
            result(5, 7), sum: 11.463603730, norm: 12.799231553,
            first: [1.830080428, 1.688587117, 1.819707961, 1.806988889], last: -0.717159197)
    }

    @Test func parametersHavePyTorchsNamesShapesAndOrder() throws {
        func parameters(_ mixer: SpatialMixer) throws -> [String] {
            let scope = Scope()
            _ = try GnConv(scope["gnconv"], channels: 8, order: 3, mixer: mixer)
            return scope.list.entries.map { "\($0.name) \($0.fileShape)" }
        }
        let tail = [
            "gnconv.proj_out.weight [8, 8, 1, 1]", "gnconv.proj_out.bias [8]",
            "gnconv.pws.0.weight [4, 2, 1, 1]", "gnconv.pws.0.bias [4]",
            "gnconv.pws.1.weight [8, 4, 1, 1]", "gnconv.pws.1.bias [8]",
        ]
        let head = ["gnconv.proj_in.weight [16, 8, 1, 1]", "gnconv.proj_in.bias [16]"]
        #expect(
            try parameters(.depthwise7x7)
                == head + ["gnconv.dwconv.weight [14, 1, 7, 7]", "gnconv.dwconv.bias [14]"] + tail)
        #expect(
            try parameters(.globalFilter(rows: 14, columns: 8))
                == head + [
                    "gnconv.dwconv.complex_weight [7, 14, 8, 2]", "gnconv.dwconv.dw.weight [7, 1, 3, 3]",
                    "gnconv.dwconv.pre_norm.weight [14]", "gnconv.dwconv.pre_norm.bias [14]",
                    "gnconv.dwconv.post_norm.weight [14]", "gnconv.dwconv.post_norm.bias [14]",
                ] + tail)
    }

    @Test func widthsThatCannotBeHalvedAreRefusedWithTheLayersName() throws {
        #expect(try GnConv.widths(channels: 64, order: 5, path: "") == [4, 8, 16, 32, 64])
        #expect(try GnConv.widths(channels: 7, order: 1, path: "") == [7])
        let indivisible = #expect(throws: ModelError.self) {
            try GnConv(Scope()["stages"][1], channels: 12, order: 4, mixer: .depthwise7x7)
        }
        #expect(
            indivisible?.description
                == "stages.1: gnConv of order 4 needs channels divisible by 8, but the width is 12")
        let order = #expect(throws: ModelError.self) { try GnConv.widths(channels: 64, order: 6, path: "stages.0") }
        #expect(order?.description == "stages.0: the order of gnConv is 6, expected 1 to 5")
    }

    @Test func theShapePassCountsWhatTheLayerHolds() throws {
        let scope = Scope()
        let layer = try GnConv(scope["gnconv"], channels: 8, order: 3, mixer: .depthwise7x7)
        let trace = ModelTrace(model: "test")
        #expect(try layer.trace([1, 5, 6, 8], trace) == [1, 5, 6, 8])
        let node = try #require(trace.root.children.first)
        #expect(node.parameters == scope.list.parameterCount)
        // Per pixel: proj_in, 7x7 over 14 channels, the two chain products, proj_out.
        let perPixel: Int = 8 * 16 + 49 * 14 + 2 * 4 + 4 * 8 + 8 * 8
        #expect(node.multiplyAdds == 30 * perPixel)
    }
}
