// Parts: what necks, heads and families of dense models share.

import Autograd
import Layers
import Tensors

/// What fuses maps in a neck or a dense head: a convolution, or HorFPN's gnConv in its place (Rao et al., arXiv
/// 2207.14284, section 3.4).
public enum Fusion: String, Sendable, Hashable, Codable, CaseIterable {
    /// A 3x3 convolution.
    case conv
    /// gnConv of order 2 with a 7x7 depthwise convolution.
    case gnconv7x7
    /// gnConv of order 2 with a global filter, resized to each map.
    case gnconvGF

    /// What a configuration's reference says about it.
    public static let summary =
        "What fuses maps: conv (3x3), gnconv7x7 or gnconvGF (HorFPN's gnConv, 7x7 or global filter)"

    /// The layer, of `inputs` to `outputs` channels. With `normalizes` batch norm and relu follow, otherwise a convolution
    /// has a bias; its parameters are `conv` and `bn` under the scope, those of gnConv lie there directly.
    func layer(
        _ scope: Scope, inputs: Int, outputs: Int, normalizes: Bool, filter: FilterExtent, initializer: Initializer
    ) throws -> any Layer {
        let mixer: SpatialMixer
        switch self {
        case .conv:
            if normalizes {
                return ConvolutionBlock(
                    scope, convolution: "conv", norm: "bn", inputs: inputs, outputs: outputs, kernel: 3, padding: 1,
                    initializer: initializer)
            }
            return Convolution(
                scope["conv"], inputs: inputs, outputs: outputs, kernel: 3, padding: 1, initializer: initializer)
        case .gnconv7x7: mixer = .depthwise7x7
        case .gnconvGF:
            try filter.validate()
            mixer = .globalFilter(rows: filter.rows, columns: filter.columns)
        }
        // A head's gnConv keeps PyTorch's first values; a pyramid's are drawn as all of the pyramid is.
        return try GnConvModule(
            scope, inputs: inputs, outputs: outputs, mixer: mixer, normalizes: normalizes,
            initializer: normalizes ? .uniformFanIn : initializer)
    }
}

/// The stored size of a global filter: rows and columns of a half spectrum.
public struct FilterExtent: Sendable, Hashable, Codable {
    /// The rows.
    public var rows: Int
    /// The columns, width / 2 + 1 of the map that the filter fits as it is.
    public var columns: Int

    /// HorFPN's filter, that of a 32x32 map, unless said otherwise.
    public init(rows: Int = 32, columns: Int = 17) {
        self.rows = rows
        self.columns = columns
    }

    func validate() throws {
        for extent in [rows, columns] where !ModelLimits.filter.contains(extent) {
            throw ModelError(
                "a fusion's filter has \(extent) rows or columns, expected 1 to \(ModelLimits.filter.upperBound)")
        }
    }
}

extension Variable {
    /// Brought to another map's size: bilinear, half-pixel centres, as dense heads resize.
    func resized(like map: Variable) -> Variable {
        if shape[1] == map.shape[1] && shape[2] == map.shape[2] { return self }
        return resized(height: map.shape[1], width: map.shape[2], .bilinear(alignCorners: false))
    }
}

extension Shape {
    /// The same with the height and width of another map.
    func sized(like map: Shape) -> Shape { [self[0], map[1], map[2], columns] }
}
