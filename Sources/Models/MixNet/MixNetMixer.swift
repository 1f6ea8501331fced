import Layers
import Tensors

/// How a mixnet mixes space: every convolution of Docs/Convolutions.md that keeps the size of a map, and what takes the
/// place of one in newer nets.
public enum MixNetMixer: String, Sendable, Hashable, Codable, CaseIterable {
    /// 3x3.
    case standard
    /// 3x3 for each channel, then 1x1.
    case depthwiseSeparable
    /// 3x1, then 1x3.
    case spatiallySeparable
    /// Across the channels, down and along.
    case flattened
    /// 3x3 in four groups of channels.
    case grouped
    /// 1x1 in four groups, shuffled, 3x3 for each channel, 1x1 in four groups.
    case shuffledGrouped
    /// 3x3 with one pixel left out between taps.
    case dilated
    /// 3x3 with taps that move.
    case deformable1
    /// 3x3 with taps that move and are weighted.
    case deformable2
    /// 3x3, a sum of experts weighted by sigmoids.
    case condConv
    /// 3x3, a sum of experts weighted by a softmax.
    case dyConv
    /// 3x3, the same with factors for taps, inputs and outputs.
    case odConv
    /// 3x3, put together of cells that a stage's blocks share.
    case kernelWarehouse
    /// A filter of the frequencies that the map itself decides.
    case frequencyFilter
    /// Recursive gated convolution of order 2, 7x7.
    case gnConv
    /// Recursive gated convolution of order 2 with a global filter.
    case gnConvGF
    /// A learned filter of the frequencies.
    case globalFilter
    /// Attention within windows of 4x4, moved by half in every second block.
    case windowAttention
    /// Attention over the whole map.
    case attention

    /// Whether its parameters depend on the maps' size.
    var hasFilter: Bool { self == .globalFilter || self == .gnConvGF }

    /// What kernels that adapt to the image are made of; nil for all others.
    package var kernels: KernelSpecification? {
        let kind: KernelSpecification.Kind? =
            switch self {
            case .condConv: .condConv
            case .dyConv: .dyConv
            case .odConv: .odConv
            case .kernelWarehouse: .kernelWarehouse
            default: nil
            }
        return kind.map { KernelSpecification($0, annealingEpochs: Self.annealingEpochs) }
    }

    /// Mixnets are trained for tens of epochs. An attention that still changes when the learning rate is nearly 0 leaves
    /// the rest of the net behind.
    private static let annealingEpochs = 4.0

    /// Groups of the grouped ones.
    package static let groups = 4
    /// Channels of a head.
    package static let headWidth = 16
    /// The side of the windows of attention.
    package static let window = 4
}

/// Makes the mixers of a mixnet.
struct MixNetMaker {
    /// A mixer behind its norm. Two kinds take the norm with them, which is faster.
    enum Mixed: Sendable {
        case layer(any Layer)
        case gated(GnConv)
        case windows(WindowAttention)
    }

    let specification: MixNetSpecification
    private let adaptive: ConvolutionMaker?

    init(_ scope: Scope, _ specification: MixNetSpecification) {
        self.specification = specification
        let places = zip(specification.widths, specification.depths).enumerated().flatMap { stage, numbers in
            (0..<numbers.1).map { _ in
                ConvolutionMaker.Place(
                    shape: ConvolutionShape(inputs: numbers.0, outputs: numbers.0, kernel: 3, padding: 1),
                    warehouse: stage)
            }
        }
        adaptive = specification.mixer.kernels.map {
            ConvolutionMaker(scope, $0, places, initializer: .kaimingNormalFanOut)
        }
    }

    /// The mixer of a block; blocks are counted through all stages.
    func make(_ scope: Scope, number: Int, stage: Int) throws -> Mixed {
        let channels = specification.widths[stage]
        func convolution(dilation: Int = 1, groups: Int = 1) -> Convolution {
            Convolution(
                scope, inputs: channels, outputs: channels, kernel: 3, padding: Pair(dilation),
                dilation: Pair(dilation), groups: groups, initializer: .uniformFanIn)
        }
        switch specification.mixer {
        case .standard: return .layer(convolution())
        case .dilated: return .layer(convolution(dilation: 2))
        case .grouped: return .layer(convolution(groups: MixNetMixer.groups))
        case .depthwiseSeparable:
            return .layer(DepthwiseSeparableConvolution(scope, inputs: channels, outputs: channels))
        case .spatiallySeparable:
            return .layer(SpatiallySeparableConvolution(scope, inputs: channels, outputs: channels))
        case .flattened: return .layer(FlattenedConvolution(scope, inputs: channels, outputs: channels))
        case .shuffledGrouped:
            return .layer(ShuffledGroupedConvolution(scope, channels: channels, groups: MixNetMixer.groups))
        case .deformable1, .deformable2:
            return .layer(
                LearnedDeformableConvolution(
                    scope, inputs: channels, outputs: channels, weighs: specification.mixer == .deformable2))
        case .condConv, .dyConv, .odConv, .kernelWarehouse:
            guard let adaptive else { throw ModelError("\(scope.path): nothing makes the kernels of this mixer") }
            return .layer(adaptive.make(scope, number))
        case .frequencyFilter: return .layer(FrequencyFilter(scope, channels: channels))
        case .gnConv, .gnConvGF:
            return .gated(
                try GnConv(
                    scope, channels: channels, order: 2,
                    mixer: specification.mixer == .gnConv ? .depthwise7x7 : filter(stage),
                    initializer: .xavierUniform))
        case .globalFilter:
            guard case .globalFilter(let rows, let columns) = filter(stage) else {
                throw ModelError("\(scope.path): the filter has no size")
            }
            return .layer(GlobalFilter(scope, channels: channels, rows: rows, columns: columns))
        case .windowAttention:
            return .windows(
                try WindowAttention(
                    scope, channels: channels, heads: channels / MixNetMixer.headWidth,
                    window: Pair(MixNetMixer.window),
                    shift: number % 2 == 0 ? .none : .betweenWindows))
        case .attention:
            return .layer(try SelfAttention(scope, channels: channels, heads: channels / MixNetMixer.headWidth))
        }
    }

    private func filter(_ stage: Int) -> SpatialMixer {
        let extent = specification.filters?[stage] ?? FilterExtent()
        return .globalFilter(rows: extent.rows, columns: extent.columns)
    }
}
