import Autograd
import Layers
import Tensors
import TestSupport
import Testing

private func drawn(_ shape: Shape) -> Variable<Double> {
    Variable(Tensor(shape, (0..<shape.elementCount).map { cosine(1.7 * Double($0) + 0.3) }))
}

private func distance<S: Scalar>(_ a: Tensor<S>, _ b: Tensor<S>) -> Double {
    guard a.shape == b.shape else { return .infinity }
    return zip(a.array, b.array).reduce(0) { max($0, abs(Double($1.0 - $1.1))) }
}

private let shape = ConvolutionShape(inputs: 4, outputs: 6, kernel: 3, stride: 2, padding: 1, groups: 2)

@Suite struct DynamicConvolutionTests {
    private let x = drawn([3, 7, 6, 4])

    private func store(_ scope: Scope) -> ParameterStore<Double> {
        let store = ParameterStore<Double>(scope.list, seed: 3)
        store.redraw(seed: 4)
        return store
    }

    /// The kernel of one image as a tensor, for an ordinary convolution of that image.
    private func convolved(_ image: Int, _ kernel: Variable<Double>, _ bias: Variable<Double>?) -> Tensor<Double> {
        let size = 7 * 6 * 4
        let one = Variable(Tensor([1, 7, 6, 4], Array(x.value.array[image * size..<(image + 1) * size])))
        return one.convolution(kernel, bias, stride: 2, padding: 1, groups: 2).value
    }

    private func image(_ y: Variable<Double>, _ image: Int) -> Tensor<Double> {
        let size = y.value.elementCount / y.shape[0]
        return Tensor(
            y.shape.replacing(axis: 0, with: 1), Array(y.value.array[image * size..<(image + 1) * size]))
    }

    @Test func condConvMixesByItsRouting() {
        let scope = Scope()
        let layer = CondConv(scope["conv"], shape, experts: 3)
        let store = store(scope)
        #expect(
            scope.list.entries.map { "\($0.name) \($0.fileShape)" } == [
                "conv.weight [3, 108]", "conv.bias [3, 6]", "conv.routing_fn.weight [3, 4]", "conv.routing_fn.bias [3]",
            ])
        let context = Context.evaluation(store)
        let y = layer(x, context)
        let means = x.globalAveragePooled()
        let weights = means.linear(Variable(store.tensor(2)), Variable(store.tensor(3))).sigmoid()
        for n in 0..<3 {
            let row = Variable(Tensor([1, 3], Array(weights.value.array[n * 3..<n * 3 + 3])))
            let kernel = row.linear(context[layer.weight].reshaped([3, 108]).transposed([1, 0])).reshaped([6, 3, 3, 2])
            let bias = row.linear(Variable(store.tensor(1)).transposed([1, 0])).reshaped([6])
            #expect(distance(image(y, n), convolved(n, kernel, bias)) < 1e-12)
        }
    }

    /// With all scores equal the kernel is the mean of the experts; so it is at a temperature without end.
    @Test func dyConvIsTheMeanKernelAtAHighTemperature() {
        let scope = Scope()
        let layer = DyConv(scope["conv"], shape, experts: 4)
        let store = store(scope)
        #expect(
            scope.list.entries.map { "\($0.name) \($0.fileShape)" } == [
                "conv.weight [4, 6, 2, 3, 3]", "conv.bias [4, 6]", "conv.attention.fc1.weight [2, 4, 1, 1]",
                "conv.attention.fc2.weight [4, 2, 1, 1]", "conv.attention.fc2.bias [4]",
            ])
        let context = Context.evaluation(store)
        let y = layer(x, temperature: 1e12, context)
        let quarter = Variable(Tensor<Double>([1, 4], repeating: 0.25))
        let kernel = quarter.linear(context[layer.weight].reshaped([4, 108]).transposed([1, 0]))
        let bias = quarter.linear(Variable(store.tensor(1)).transposed([1, 0])).reshaped([6])
        for n in 0..<3 {
            #expect(distance(image(y, n), convolved(n, kernel.reshaped([6, 3, 3, 2]), bias)) < 1e-9)
        }
        #expect(distance(layer(x, temperature: 1, context).value, y.value) > 1e-3)
    }

    /// [parameters] of n O C/G k^2 + C h + 2 h + (h + 1)(C + O + k^2 + n), without the heads that are left out.
    @Test func odConvLeavesOutHeadsThatSayNothing() {
        func names(_ shape: ConvolutionShape, experts: Int) -> ([String], Int) {
            let scope = Scope()
            _ = ODConv(scope, shape, experts: experts)
            let names = scope.list.entries.map(\.name).filter { $0.hasSuffix("_fc.weight") }
            return (
                names.compactMap { $0.split(separator: ".").dropFirst().first.map(String.init) },
                scope.list.parameterCount
            )
        }
        let full = names(shape, experts: 4)
        #expect(full.0 == ["channel_fc", "filter_fc", "spatial_fc", "kernel_fc"])
        #expect(full.1 == 4 * 6 * 2 * 9 + 4 * 16 + 2 * 16 + 17 * (4 + 6 + 9 + 4))
        var depthwise = shape
        (depthwise.outputs, depthwise.groups) = (4, 4)
        #expect(names(depthwise, experts: 1).0 == ["channel_fc", "spatial_fc"])
        var pointwise = shape
        (pointwise.kernel, pointwise.padding) = (1, 0)
        #expect(names(pointwise, experts: 2).0 == ["channel_fc", "filter_fc", "kernel_fc"])
    }

    /// While only the fixed cells count, a kernel warehouse is a set of ordinary convolutions.
    @Test(arguments: [0.5, 1, 4])
    func kernelWarehouseBeginsAsConvolutions(budget: Double) {
        let scope = Scope()
        let plain = ConvolutionShape(inputs: 4, outputs: 6, kernel: 3, padding: 1)
        let point = ConvolutionShape(inputs: 6, outputs: 4, kernel: 1, stride: 2)
        let warehouse = Warehouse(scope, "weights", layers: [plain, point], budget: budget, ratio: 0.5)
        let layer = KernelWarehouse(scope["b"], warehouse, layer: 1, bias: true)
        let first = KernelWarehouse(scope["a"], warehouse, layer: 0)
        let store = store(scope)
        // Divisors 2 and 2, halved; 9 * 24 + 24 places.
        #expect(warehouse.cells.shape == [Int(budget * 240), 1, 1])
        let owners = warehouse.owners(of: 0) + warehouse.owners(of: 1)
        let owned = owners.filter { $0 < warehouse.count }
        #expect(Set(owned).count == owned.count, "no cell has two owners")
        #expect(owned.count == min(240, warehouse.count))
        let context = Context.evaluation(store)
        let cells = store[warehouse.cells].array + [0]
        for (layer, form, input) in [(first, plain, drawn([3, 5, 4, 4])), (layer, point, drawn([3, 5, 4, 6]))] {
            let number = form == plain ? 0 : 1
            let (taps, rows, columns) = (form.kernel.height * form.kernel.width, form.outputs, form.inputs)
            let own = warehouse.owners(of: number)
            var kernel = [Double](repeating: 0, count: own.count)
            for tap in 0..<taps {
                for o in 0..<rows {
                    for i in 0..<columns {
                        kernel[(o * taps + tap) * columns + i] = cells[own[(tap * rows + o) * columns + i]]
                    }
                }
            }
            let weight = Variable(Tensor([rows, form.kernel.height, form.kernel.width, columns], kernel))
            let expected = input.convolution(
                weight, layer.bias.map { context[$0] }, stride: form.stride, padding: form.padding)
            #expect(distance(layer(input, fixedShare: 1, context).value, expected.value) < 1e-12)
            #expect(distance(layer(input, fixedShare: 0, context).value, expected.value) > 1e-6)
        }
    }

    @Test func annealedValuesAreFunctionsOfTheEpochs() {
        let scope = Scope()
        let value = AnnealedValue(scope["a"], "temperature", first: 30, last: 1, epochs: 10)
        #expect([0, 5, 10, 11].map { value.value(epochs: $0) } == [30, 15.5, 1, 1])
        #expect(abs(value.value(epochs: 9) - 3.9) < 1e-12)
        #expect(AnnealedValue(scope["b"], "temperature", first: 30, last: 1, epochs: 0).value(epochs: 0) == 1)
    }

    /// A step in training computes with the temperature of its epoch and leaves it for evaluation; elsewhere it is what the
    /// last step left, at first the final one.
    @Test func aModelIsAskedWithTheTemperatureOfItsLatestUpdate() {
        let scope = Scope()
        let layer = DyConv(scope, shape)
        let store = store(scope)
        let fresh = layer(x, .evaluation(store)).value
        #expect(fresh.array == layer(x, temperature: 1, .evaluation(store)).value.array)
        let context = Context(store, mode: .training, epochs: 5)
        let trained = layer(x, context).value
        #expect(trained.array == layer(x, temperature: 15.5, .evaluation(store)).value.array)
        #expect(layer(x, .evaluation(store)).value.array == fresh.array)
        store.apply(context.updates)
        #expect(layer(x, .evaluation(store)).value.array == trained.array)
        // Without a run that says how far it is, training goes on with what is there.
        #expect(layer(x, Context(store, mode: .training)).value.array == trained.array)
    }

    /// Files of other libraries have no temperature.
    @Test func filesMayLackWhatOnlyTrainingChanges() {
        let scope = Scope()
        _ = ODConv(scope, shape)
        let store = store(scope)
        let arrays = store.stateDictionary().filter { !$0.name.hasSuffix("temperature") }
        #expect(arrays.count == store.stateDictionary().count - 1)
        let other = ParameterStore<Double>(scope.list, seed: 9)
        #expect(other.load(arrays).isComplete)
        #expect(other.buffers.last?.item == 1)
        #expect(!other.load(arrays.filter { !$0.name.hasSuffix("running_mean") }).isComplete)
    }

    /// What is counted: the convolution, mixing or putting together the kernel, and the attention's layers.
    @Test func theTraceCountsKernelsAndAttention() throws {
        let convolution = 4 * 3 * 6 * 9 * 2
        func counts(_ make: (Scope) -> any Layer) throws -> [Int] {
            let scope = Scope()
            let layer = make(scope["conv"])
            let trace = ModelTrace(model: "net")
            #expect(try layer.trace([1, 7, 6, 4], trace) == [1, 4, 3, 6])
            #expect(trace.root.parameters == scope.list.parameterCount)
            return [trace.root.parameters, trace.root.multiplyAdds - convolution]
        }
        #expect(
            try counts { CondConv($0, shape, experts: 3) } == [3 * 108 + 18 + 15, 3 * 108 + 18 + 12])
        #expect(
            try counts { DyConv($0, shape, bias: false) } == [4 * 108 + 8 + 8 + 4, 4 * 108 + 8 + 8])
        #expect(
            try counts { ODConv($0, shape, experts: 2) } == [
                2 * 108 + 64 + 32 + 17 * 21, 2 * 108 + 64 + 16 * 21,
            ])
        #expect(
            try counts {
                KernelWarehouse($0, Warehouse($0, "weights", layers: [shape], budget: 2), layer: 0)
            } == [
                // 9 places of cells 6x2, 18 cells.
                18 * 12 + 64 + 32 + 17 * 9 * 19, 18 * 108 + 64 + 16 * 9 * 19,
            ])
    }

    @Test func aKernelThatDoesNotFitIsRefused() {
        let scope = Scope()
        let large = ConvolutionShape(inputs: 4, outputs: 4, kernel: 5)
        #expect(throws: ModelError.self) {
            try DyConv(scope["a"], large).trace([1, 3, 3, 4], ModelTrace(model: "net"))
        }
        let uneven = ConvolutionShape(inputs: 4, outputs: 6, kernel: 1, groups: 4)
        #expect(throws: ModelError.self) {
            try CondConv(scope["b"], uneven).trace([1, 3, 3, 4], ModelTrace(model: "net"))
        }
    }
}
