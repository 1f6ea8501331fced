// Mobile-Former: the family's specification, its configuration keys and its layers; no other family is known here.

import Autograd
import Layers
import Tensors

/// Mobile-Former (Chen et al., arXiv 2108.05895); parameter names and shapes are those of the official code. The tokens
/// [N, M, d] leave it flattened, as the class token.
package struct MobileFormer: Backbone {
    package let specification: MobileFormerSpecification

    private let tokens: Parameter
    private let stem: Convolution
    private let norm: BatchNorm
    private let lite: LiteBottleneck
    private let blocks: [MobileFormerBlock]

    init(_ scope: Scope, _ specification: MobileFormerSpecification) throws {
        self.specification = specification
        tokens = scope["tokens"].parameter(
            "weight", [specification.tokens.count, specification.tokens.width], role: .weight,
            initializer: .normal(deviation: 1))
        stem = Convolution(
            scope["stem"][0], inputs: specification.inputChannels, outputs: specification.stemWidth, kernel: 3,
            stride: Pair(specification.stemStride), padding: 1, bias: false, initializer: .kaimingNormalFanOut)
        norm = BatchNorm(scope["stem"][1], channels: specification.stemWidth)
        let count = specification.widths.count
        func rate(_ row: Int) -> Double { specification.dropPath * Double(row + 1) / Double(count) }
        lite = LiteBottleneck(
            scope["features"][0], inputs: specification.stemWidth, outputs: specification.widths[0],
            expansion: specification.expansions[0], stride: specification.strides[0], groups: specification.groups,
            dropRate: rate(0))
        blocks = (1..<count).map { row in
            MobileFormerBlock(scope["features"][row], specification, row: row, dropRate: rate(row))
        }
    }

    /// The map and the tokens after each row.
    package func rows<S: Scalar>(
        _ images: Variable<S>, _ context: Context<S>
    ) -> [(map: Variable<S>, tokens: Variable<S>)] {
        let (count, width) = (specification.tokens.count, specification.tokens.width)
        var tokens = LayerPath.$current.withValue("tokens") {
            (Variable<S>(Tensor([images.shape[0], count * width], repeating: 0))
                + context[self.tokens].reshaped([1, count * width])).reshaped([images.shape[0], count, width])
        }
        let normed = norm(stem(images, context), context)
        var map = lite(LayerPath.$current.withValue("stem") { normed.relu6() }, context)
        var rows = [(map: map, tokens: tokens)]
        for block in blocks {
            (map, tokens) = block(map, tokens, context)
            rows.append((map, tokens))
        }
        return rows
    }

    package func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        let rows = rows(images, context)
        let tokens = rows[rows.count - 1].tokens
        return Features(
            maps: specification.tapRows.map { rows[$0].map },
            token: tokens.reshaped([tokens.shape[0], tokens.shape[1] * tokens.shape[2]]))
    }

    package func trace(_ image: Shape, _ trace: ModelTrace) throws -> [Shape] {
        let (count, width) = (specification.tokens.count, specification.tokens.width)
        let tokens: Shape = [1, count, width]
        trace.enter("tokens", "\(count) tokens of \(width)", parameters: [self.tokens]) { (tokens, 0) }
        var shape = try trace.enter("stem", "stem") {
            (try norm.trace(try stem.trace(image, trace), trace), 0)
        }
        shape = try lite.trace(shape, trace)
        var rows = [shape]
        for block in blocks {
            shape = try block.trace(shape, tokens, trace)
            rows.append(shape)
        }
        return specification.tapRows.map { rows[$0] }
    }
}
