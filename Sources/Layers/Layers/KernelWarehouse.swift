import Autograd
import Tensors

/// Cells that the kernels of several layers are put together of (Li and Yao, arXiv 2406.07879): all layers' kernels are cut
/// into cells of one size, and the warehouse holds `budget` times as many cells as these are. Made once, before the layers,
/// and given to each of them.
public struct Warehouse: Sendable {
    /// [cells, outputs of a cell, inputs of a cell].
    public let cells: Parameter
    /// Cells of the warehouse for each cell of the kernels.
    public let budget: Double
    private let layers: [ConvolutionShape]
    private let assigned: [[Int]]

    /// - Parameters:
    ///   - scope: the parameter is `scope.name`.
    ///   - layers: those that share the warehouse, in their order.
    ///   - budget: 1/2, 1, 4 ...
    ///   - ratio: of a cell's sides to the greatest common divisors of the layers' channels; 1/2 goes well with budgets
    ///     below 1.
    public init(_ scope: Scope, _ name: String, layers: [ConvolutionShape], budget: Double, ratio: Double = 1) {
        self.layers = layers
        self.budget = budget
        func side(_ numbers: [Int]) -> Int { max(1, Int(Double(numbers.reduce(0, Self.divisor)) * ratio)) }
        let shape = Pair(side(layers.map(\.outputs)), side(layers.map { $0.inputs / max(1, $0.groups) }))
        let counts = layers.map { Self.places($0, shape) }
        let count = max(1, Int(budget * Double(counts.reduce(0) { $0.addingWithinBounds($1) })))
        cells = scope.parameter(
            name, [count, shape.height, shape.width], layout: .cells, role: .weight,
            initializer: .kaimingNormalFanOut)
        var next = 0
        assigned = counts.map { places in Self.assigned(places, next: &next, cells: count, budget: budget) }
    }

    /// With a budget of 1 and more each place has a cell of its own, with less so many as there are, evenly spread.
    private static func assigned(_ places: Int, next: inout Int, cells: Int, budget: Double) -> [Int] {
        let first = next
        if budget >= 1 {
            next += Int.product(places, Int(budget))
            return (0..<places).map { min(first + $0 * Int(budget), cells) }
        }
        let period = max(1, Int(1 / budget))
        return (0..<places).map { place in
            guard place % period == place / period % period, next < cells else { return cells }
            defer { next += 1 }
            return next
        }
    }

    private static func divisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : divisor(b, a % b) }

    private static func places(_ layer: ConvolutionShape, _ cell: Pair) -> Int {
        Int.product(
            layer.taps, layer.outputs / max(1, cell.height), layer.inputs / max(1, layer.groups) / max(1, cell.width))
    }

    /// The number of cells.
    package var count: Int { cells.shape[0] }

    /// The shape of a layer's convolution.
    func shape(of layer: Int) -> ConvolutionShape { layers[layer] }

    /// How many cells a layer's kernel has.
    func places(of layer: Int) -> Int { Self.places(layers[layer], Pair(cells.shape[1], cells.shape[2])) }

    /// The cell of the warehouse that each cell of a layer's kernel is when training begins; `count` for none.
    package func owners(of layer: Int) -> [Int] { assigned[layer] }
}

/// A convolution whose kernel is put together of cells of a warehouse that it shares with other layers, each cell a sum of
/// all of them with coefficients that each image chooses: two linear layers with batch norm and relu between them over the
/// means of the channels, divided by the sum of their absolute values. While training begins they move from a fixed cell
/// for each place to these (Li and Yao, arXiv 2406.07879, equation 3). Parameters are those of the released code: `bias`,
/// `attention.fc1`, `attention.norm1`, `attention.fc2`.
public struct KernelWarehouse: Layer {
    /// [outputs], where there is one.
    public let bias: Parameter?
    /// The dotted path of the scope, for messages and random streams.
    public let path: String
    /// The share of the fixed cells.
    public let fixedShare: AnnealedValue
    private let warehouse: Warehouse
    private let layer: Int
    private let squeeze: Linear
    private let norm: BatchNorm
    private let excite: Linear

    /// - Parameters:
    ///   - layer: which of the warehouse's layers this is, from 0 on.
    ///   - reduction: the hidden width as a share of the inputs, 16 at least.
    ///   - annealingEpochs: how long the share of the fixed cells falls.
    public init(
        _ scope: Scope, _ warehouse: Warehouse, layer: Int, reduction: Double = 0.0625, bias: Bool = false,
        annealingEpochs: Double = 20
    ) {
        path = scope.path
        (self.warehouse, self.layer) = (warehouse, layer)
        let shape = warehouse.shape(of: layer)
        self.bias = bias ? scope.parameter("bias", [shape.outputs], role: .bias, initializer: .constant(0)) : nil
        let attention = scope["attention"]
        let hidden = max(Int(Double(shape.inputs) * reduction), 16)
        squeeze = Linear(
            attention["fc1"], inputs: shape.inputs, outputs: hidden, bias: false, initializer: .kaimingNormalFanOut)
        norm = BatchNorm(attention["norm1"], channels: hidden)
        excite = Linear(
            attention["fc2"], inputs: hidden,
            outputs: Int.product(warehouse.places(of: layer), warehouse.count + 1), initializer: .kaimingNormalFanOut)
        fixedShare = AnnealedValue(attention, "fixed_share", first: 1, last: 0, epochs: annealingEpochs)
    }

    /// The maps [N, H', W', outputs] of maps [N, H, W, inputs].
    public func callAsFunction<S: Scalar>(_ x: Variable<S>, _ context: Context<S>) -> Variable<S> {
        self(x, fixedShare: fixedShare(context), context)
    }

    /// The same with a given share of the fixed cells.
    package func callAsFunction<S: Scalar>(
        _ x: Variable<S>, fixedShare: S, _ context: Context<S>
    ) -> Variable<S> {
        let shape = warehouse.shape(of: layer)
        let means = LayerPath.$current.withValue(path) { x.globalAveragePooled() }
        let scores = excite(norm(relu: squeeze(means, context), context), context)
        return LayerPath.$current.withValue(path) {
            let own = bias.map { context[$0].reshaped([1, shape.outputs]) }
            return x.convolution(
                warehouse: context[warehouse.cells], coefficients: coefficients(scores, fixedShare: fixedShare),
                outputs: shape.outputs, kernel: shape.kernel,
                own.map { Variable<S>(Tensor([x.shape[0], 1], repeating: 1)).mixed($0) }, stride: shape.stride,
                padding: shape.padding, dilation: shape.dilation, groups: shape.groups)
        }
    }

    /// [N, places, cells] of scores [N, places (cells + 1)].
    private func coefficients<S: Scalar>(_ scores: Variable<S>, fixedShare: S) -> Variable<S> {
        let (places, cells) = (warehouse.places(of: layer), warehouse.count)
        let rows = scores.reshaped([scores.shape[0], places, cells + 1])
        let magnitudes = rows.relu() + rows.scaled(by: -1).relu()
        let sums = magnitudes.linear(Variable<S>(Tensor([1, cells + 1], repeating: 1)))
        let normed = rows / (sums + Variable<S>(Tensor([1, 1, 1], repeating: 1e-3)))
        guard fixedShare > 0 else { return normed.sliced(channels: 0..<cells) }
        let owners = warehouse.owners(of: layer)
        let fixed = Tensor<S>([1, places, cells + 1]) { target in
            target.initialize(repeating: 0, count: places * (cells + 1))
            for (place, owner) in owners.enumerated() { target[place * (cells + 1) + owner] = fixedShare }
        }
        return (normed.scaled(by: 1 - fixedShare) + Variable(fixed)).sliced(channels: 0..<cells)
    }

    /// Checks the shape, enters the layer and returns the shape of its result; putting the kernel together is counted, and
    /// the cells belong to the first of the layers that share them.
    /// - Throws: `ModelError` when the kernel does not fit into the map.
    public func trace(_ input: Shape, _ trace: ModelTrace) throws -> Shape {
        let shape = warehouse.shape(of: layer)
        let own = (layer == 0 ? [warehouse.cells] : []) + (bias.map { [$0] } ?? [])
        let kind = "kernel warehouse \(shape.words), \(warehouse.count) cells"
        return try trace.enter(ModelTrace.name(of: path), kind, parameters: own) {
            let (output, work) = try shape.result(input, path: path)
            try trace.enter("attention", "coefficients of cells") {
                let hidden = try norm.trace(try squeeze.trace([input[0], input[3]], trace), trace)
                return (try excite.trace(hidden, trace), 0)
            }
            let assembly = Int.product(warehouse.count, shape.weight.elementCount)
            return (output, work.addingWithinBounds(assembly))
        }
    }
}
