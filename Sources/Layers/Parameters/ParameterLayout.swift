import Tensors

/// How a parameter lies in memory here and in a PyTorch state dict. Our kernels run over channels-last data, so
/// convolution weights keep their channels innermost; files keep PyTorch's order and are converted at the boundary.
public enum ParameterLayout: String, Sendable, Codable {
    /// The same shape and order on both sides.
    case plain
    /// [out, in] here, [out, in, 1, 1] in PyTorch.
    case pointwise
    /// [out, height, width, in] here, [out, in, height, width] in PyTorch; sequences have one axis between, volumes three.
    case convolution
    /// [height, width, channels] here, [channels, 1, height, width] in PyTorch.
    case depthwise
    /// [out, height, width, in] here, [out, in height width] in PyTorch: a linear layer over flattened maps.
    case flattened
    /// [rows, columns, channels, 2] here, [channels, rows, columns, 2] in PyTorch (HorNet's complex_weight).
    case spectrum
    /// [experts, out, height, width, in] here, [experts, out, in, height, width] in PyTorch: a kernel for each expert.
    case experts
    /// The same here, [experts, out in height width] in files (timm's CondConv).
    case flatExperts
    /// [cells, out, in] here, [cells, out, in, 1, 1] in PyTorch (KernelWarehouse).
    case cells
    /// [2, blocks, in, out] on both sides: linear maps of complex numbers, each over its own block of channels.
    case complexBlocks

    /// The shape in a PyTorch state dict for a shape of ours.
    public func fileShape(_ shape: Shape) -> [Int] {
        switch self {
        case .plain: shape.dimensions
        case .pointwise: [shape[0], shape[1], 1, 1]
        case .convolution: [shape[0], shape.columns] + shape.dimensions.dropFirst().dropLast()
        case .depthwise: [shape[2], 1, shape[0], shape[1]]
        case .flattened: [shape[0], shape[3] * shape[1] * shape[2]]
        case .spectrum: [shape[2], shape[0], shape[1], shape[3]]
        case .experts: [shape[0], shape[1], shape[4], shape[2], shape[3]]
        case .flatExperts: [shape[0], Int.product(Array(shape.dimensions.dropFirst()))]
        case .cells: [shape[0], shape[1], shape[2], 1, 1]
        case .complexBlocks: shape.dimensions
        }
    }

    /// The number of inputs and outputs that one element of a weight of such a shape connects, as PyTorch counts them in
    /// each of its parts.
    func fans(_ shape: Shape) -> (input: Int, output: Int) {
        switch self {
        case .experts, .flatExperts:
            let taps = Int.product(shape[2], shape[3])
            return (Int.product(taps, shape[4]), Int.product(taps, shape[1]))
        case .cells: return (shape[2], shape[1])
        case .complexBlocks: return (Int.product(2, shape[2]), Int.product(2, shape[3]))
        default:
            let dimensions = fileShape(shape)
            guard dimensions.count > 1 else { return (1, 1) }
            let receptive = dimensions.dropFirst(2).reduce(1, *)
            return (dimensions[1] * receptive, dimensions[0] * receptive)
        }
    }

    /// Copies elements from file order to ours, or back.
    package func copy<S>(
        _ shape: Shape, from source: UnsafePointer<S>, to target: UnsafeMutablePointer<S>, toFile: Bool
    ) {
        // (outer, middle, inner) here becomes (.., ..) in the file; each layout is one exchange of two groups of axes.
        let (groups, first, second, run): (Int, Int, Int, Int)
        switch self {
        case .plain, .pointwise, .cells, .complexBlocks: (groups, first, second, run) = (1, 1, 1, shape.elementCount)
        case .convolution, .flattened:
            (groups, first, second, run) = (
                shape[0], shape.dimensions.dropFirst().dropLast().reduce(1, *), shape.columns, 1
            )
        case .experts, .flatExperts:
            (groups, first, second, run) = (shape[0] * shape[1], shape[2] * shape[3], shape[4], 1)
        case .depthwise: (groups, first, second, run) = (1, shape[0] * shape[1], shape[2], 1)
        case .spectrum: (groups, first, second, run) = (1, shape[0] * shape[1], shape[2], shape[3])
        }
        for g in 0..<groups {
            let base = g * first * second * run
            for i in 0..<first {
                for j in 0..<second {
                    let ours = base + (i * second + j) * run
                    let theirs = base + (j * first + i) * run
                    for k in 0..<run {
                        if toFile {
                            target[theirs + k] = source[ours + k]
                        } else {
                            target[ours + k] = source[theirs + k]
                        }
                    }
                }
            }
        }
    }
}
