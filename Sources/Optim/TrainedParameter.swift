import Layers
import Tensors

/// One parameter that an optimizer updates, for those that look at whole parameters.
package struct TrainedParameter: Sendable, Equatable {
    /// Its elements in the flat buffer.
    package let range: Range<Int>
    /// Its group.
    package let group: Int
    /// Whether it has two or more dimensions and is no bias.
    package let isDecayed: Bool
    /// Whether it is a bias.
    package let isBias: Bool
    /// What may be orthogonalised of it; nil for what is no linear map between hidden layers.
    package let matrices: MatrixStack?
}

/// Matrices of one shape that lie one after the other.
package struct MatrixStack: Sendable, Equatable {
    package let count: Int
    /// Outputs.
    package let rows: Int
    /// Inputs, the taps of a kernel among them.
    package let columns: Int

    package init(count: Int, rows: Int, columns: Int) {
        (self.count, self.rows, self.columns) = (count, rows, columns)
    }

    /// Elements of one matrix.
    var size: Int { rows * columns }
}

extension ParameterList.Entry {
    /// The linear maps that a weight consists of, outputs by inputs: a convolution with its taps flattened, each expert or
    /// cell for itself. Nil for vectors, depthwise kernels, spectra and maps of complex numbers.
    ///
    /// Taps lie before channels here and behind them in PyTorch; columns in another order have the same singular values, so
    /// that an orthogonalised matrix is the same in either.
    package var matrices: MatrixStack? {
        guard role == .weight, shape.rank > 1, shape.elementCount > 0 else { return nil }
        let stack: MatrixStack
        switch layout {
        case .depthwise, .spectrum, .complexBlocks: return nil
        case .convolution where shape.columns == 1: return nil
        case .plain, .pointwise, .convolution, .flattened:
            stack = MatrixStack(count: 1, rows: shape[0], columns: shape.elementCount / shape[0])
        case .experts, .flatExperts, .cells:
            let size = shape.elementCount / shape[0]
            stack = MatrixStack(count: shape[0], rows: shape[1], columns: size / shape[1])
        }
        return min(stack.rows, stack.columns) > 1 ? stack : nil
    }
}
