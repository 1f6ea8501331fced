import Layers
import Tensors
import Testing

@Suite struct StateDictionaryTests {
    /// One parameter of every layout, and two buffers.
    private func list() -> ParameterList {
        let scope = Scope()
        _ = Convolution(scope["stem"], inputs: 3, outputs: 4, kernel: Pair(2, 3))
        _ = Linear(scope["mix"], inputs: 4, outputs: 6, layout: .pointwise)
        _ = DepthwiseConvolution(scope["deep"], channels: 6, kernel: 3)
        _ = scope.parameter(
            "filter.complex_weight", [4, 3, 2, 2], layout: .spectrum, role: .spectrum,
            initializer: .normal(deviation: 0.02))
        _ = BatchNorm(scope["norm"], channels: 5)
        return scope.list
    }

    private func bits(_ store: ParameterStore<Float>) -> [UInt32] {
        (0..<store.list.flatCount).map { store.flat.pointer[$0].bitPattern }
            + store.buffers.flatMap { $0.array.map(\.bitPattern) }
    }

    @Test func savingAndLoadingChangesNothing() {
        let store = ParameterStore<Float>(list(), seed: 1)
        store.redraw(seed: 2)
        store.setBuffer(0, Tensor([5], [1, 2, 3, 4, 5]))
        let arrays = store.stateDictionary()
        let other = ParameterStore<Float>(list(), seed: 3)
        #expect(bits(other) != bits(store))
        let report = other.load(arrays)
        #expect(report == LoadReport())
        #expect(report.isComplete)
        #expect(report.description == "all entries fit")
        #expect(bits(other) == bits(store))
    }

    @Test func entriesStandInTheModelsOrderWithPyTorchsShapes() {
        let arrays = ParameterStore<Float>(list(), seed: 1).stateDictionary()
        #expect(
            arrays.map { "\($0.name) \($0.shape)" } == [
                "stem.weight [4, 3, 2, 3]", "stem.bias [4]", "mix.weight [6, 4, 1, 1]", "mix.bias [6]",
                "deep.weight [6, 1, 3, 3]", "deep.bias [6]", "filter.complex_weight [2, 4, 3, 2]", "norm.weight [5]",
                "norm.bias [5]", "norm.running_mean [5]", "norm.running_var [5]", "norm.num_batches_tracked []",
            ])
        #expect(arrays.map(\.isInteger) == [Bool](repeating: false, count: 11) + [true])
    }

    @Test func whatDoesNotFitIsReportedAndLeftAlone() throws {
        let store = ParameterStore<Float>(list(), seed: 1)
        let before = bits(store)
        let report = store.load([
            NamedArray(name: "stem.weight", shape: [4, 3, 3, 2], values: [Float](repeating: 9, count: 72)),
            NamedArray(name: "stranger", shape: [1], values: [9]),
            NamedArray(name: "another", shape: [1], values: [9]),
            NamedArray(name: "filter.complex_weight", shape: [3, 4, 3, 2], values: [Float](repeating: 9, count: 72)),
            NamedArray(name: "norm.running_var", shape: [4], values: [9, 9, 9, 9]),
        ])
        #expect(
            report.mismatched == [
                "stem.weight: found [4, 3, 3, 2], expected [4, 3, 2, 3]",
                "filter.complex_weight: found [3, 4, 3, 2], expected [2, 4, 3, 2]",
                "norm.running_var: found [4], expected [5]",
            ])
        #expect(report.unused == ["another", "stranger"])
        #expect(
            report.missing == [
                "stem.bias", "mix.weight", "mix.bias", "deep.weight", "deep.bias", "norm.weight", "norm.bias",
                "norm.running_mean", "norm.num_batches_tracked",
            ])
        #expect(report.resized == [])
        #expect(!report.isComplete)
        #expect(
            report.description
                == "9 missing (stem.bias, mix.weight, mix.bias, ...); 2 unused (another, stranger); 3 of another shape "
                + "(stem.weight: found [4, 3, 3, 2], expected [4, 3, 2, 3], filter.complex_weight: found [3, 4, 3, 2], "
                + "expected [2, 4, 3, 2], norm.running_var: found [4], expected [5])")
        #expect(bits(store) == before)
    }

    @Test func skippedNamesAreNeitherLoadedNorReported() {
        let source = ParameterStore<Float>(list(), seed: 1)
        let store = ParameterStore<Float>(list(), seed: 2)
        let names: Set<String> = ["mix.weight", "mix.bias", "norm.running_mean"]
        let before = store.tensor(2).array
        let report = store.load(source.stateDictionary(), skipping: names)
        #expect(report == LoadReport())
        #expect(store.tensor(2).array == before)
        #expect(store.tensor(0).array == source.tensor(0).array)
    }

    @Test func namesAreTranslatedFirst() {
        let source = ParameterStore<Float>(list(), seed: 1)
        let store = ParameterStore<Float>(list(), seed: 2)
        let renamed = source.stateDictionary().map {
            NamedArray(name: "module." + $0.name, shape: $0.shape, values: $0.values, isInteger: $0.isInteger)
        }
        #expect(store.load(renamed).missing.count == 12)
        let report = store.load(renamed, rename: { String($0.dropFirst("module.".count)) })
        #expect(report == LoadReport())
        #expect(bits(store) == bits(source))
    }

    @Test func filtersOfAnotherSizeAreResizedWithAlignedCorners() {
        let scope = Scope()
        let filter = scope.parameter(
            "complex_weight", [3, 3, 1, 2], layout: .spectrum, role: .spectrum, initializer: .constant(0))
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let values = (0..<8).map { cosine(0.5 * Double($0) - Double.pi / 2) }  // sin(i / 2)
        let report = store.load([NamedArray(name: "complex_weight", shape: [1, 2, 2, 2], values: values)])
        #expect(report.resized == ["complex_weight: [1, 2, 2, 2] -> [1, 3, 3, 2]"])
        #expect(report.isComplete)
        let resized = store[filter].array
        #expect(abs(resized[8] - 0.472972105) < 1e-9 && abs(resized[9] - 0.431152360) < 1e-9, "the mean of the corners")
        for (corner, source) in [(0, 0), (2, 1), (6, 2), (8, 3)] {
            #expect(resized[2 * corner] == values[2 * source] && resized[2 * corner + 1] == values[2 * source + 1])
        }
    }

    @Test func aFilterForASinglePixelTakesTheFirstElement() {
        let scope = Scope()
        let filter = scope.parameter(
            "complex_weight", [1, 1, 2, 2], layout: .spectrum, role: .spectrum, initializer: .constant(0))
        let store = ParameterStore<Double>(scope.list, seed: 1)
        let values = (0..<24).map(Double.init)
        _ = store.load([NamedArray(name: "complex_weight", shape: [2, 3, 2, 2], values: values)])
        #expect(store[filter].array == [0, 1, 12, 13])
    }

    @Test func convertingAStoreKeepsValuesAndFrozenParameters() {
        let store = ParameterStore<Float>(list(), seed: 1)
        store.redraw(seed: 4)
        store.isTrainable[2] = false
        let wide = ParameterStore<Double>(converting: store)
        #expect(wide.tensor(0).array == store.tensor(0).array.map(Double.init))
        #expect(wide.isTrainable == store.isTrainable)
        let copy = store.copy()
        #expect(bits(copy) == bits(store))
        store.flat.pointer[0] = 100
        #expect(copy.flat.pointer[0] != 100)
    }
}
