import Layers

/// Makes the convolutions of a network, whatever their kernels are made of.
struct ConvolutionMaker {
    /// A convolution of the network, without a bias.
    struct Place {
        /// What it does.
        let shape: ConvolutionShape
        /// The number of the warehouse that its kernel comes from, where there are warehouses.
        let warehouse: Int
        /// Whether its kernel may be mixed of experts; a warehouse serves all.
        var mixes = true
    }

    private let kernels: KernelSpecification?
    private let initializer: Initializer
    private let places: [Place]
    private let warehouses: [Int: Warehouse]

    /// - Parameters:
    ///   - scope: of the network; warehouses are `warehouse_manager.weights.0` and so on.
    ///   - places: all convolutions, in the order in which they take cells of their warehouses.
    ///   - initializer: of kernels that are parameters.
    init(_ scope: Scope, _ kernels: KernelSpecification?, _ places: [Place], initializer: Initializer) {
        self.kernels = kernels
        self.initializer = initializer
        self.places = places
        guard let kernels, kernels.kind == .kernelWarehouse else {
            self.warehouses = [:]
            return
        }
        let groups = Dictionary(grouping: places) { $0.warehouse }
        var shared: [Int: Warehouse] = [:]
        for number in groups.keys.sorted() {
            shared[number] = Warehouse(
                scope["warehouse_manager"]["weights"], String(number), layers: (groups[number] ?? []).map(\.shape),
                budget: kernels.budget, ratio: kernels.budget < 1 ? 0.5 : 1)
        }
        warehouses = shared
    }

    /// The convolution at a place, by its number.
    func make(_ scope: Scope, _ number: Int) -> any Layer {
        let (place, shape) = (places[number], places[number].shape)
        if let kernels, place.mixes || kernels.kind == .kernelWarehouse {
            let epochs = kernels.annealingEpochs
            switch kernels.kind {
            case .condConv: return CondConv(scope, shape, experts: kernels.experts, bias: false)
            case .dyConv:
                return DyConv(
                    scope, shape, experts: kernels.experts, reduction: kernels.reduction, bias: false,
                    annealingEpochs: epochs)
            case .odConv:
                return ODConv(
                    scope, shape, experts: kernels.experts, reduction: kernels.reduction, annealingEpochs: epochs)
            case .kernelWarehouse:
                if let warehouse = warehouses[place.warehouse] {
                    let layer = places[..<number].filter { $0.warehouse == place.warehouse }.count
                    return KernelWarehouse(
                        scope, warehouse, layer: layer, reduction: kernels.reduction, annealingEpochs: epochs)
                }
            }
        }
        if shape.isDepthwise, shape.groups > 1 {
            // Depthwise kernels that are made here have odd sizes.
            return DepthwiseConvolution(
                scope, channels: shape.outputs, kernel: shape.kernel.height, stride: shape.stride.height, bias: false,
                initializer: initializer)
        }
        return Convolution(
            scope, inputs: shape.inputs, outputs: shape.outputs, kernel: shape.kernel, stride: shape.stride,
            padding: shape.padding, dilation: shape.dilation, groups: shape.groups, bias: false,
            initializer: initializer)
    }
}
