import Autograd
import Layers
import Tensors

/// The end of a Mobile-Former: the tokens look at the last map once more, a 1x1 convolution of it is pooled, and what comes
/// of that stands beside the first token before two linear layers.
package struct MobileFormerHead: Head {
    /// The name of the last linear layer.
    static let linear = "classifier.classifier.1"

    package let classes: Int
    private let specification: MobileFormerSpecification
    private let gather: MapToTokens
    private let convolution: MobileUnit
    private let embedding: Linear
    private let norm: BatchNorm
    private let output: Linear

    init(_ scope: Scope, _ specification: MobileFormerSpecification) {
        self.specification = specification
        classes = specification.classes
        let channels = specification.widths[specification.widths.count - 1]
        let (tokens, ending) = (specification.tokens, specification.ending)
        gather = MapToTokens(
            scope["local_global"], channels: channels, tokens: tokens, dropRate: specification.dropPath)
        let part = scope["classifier"]
        convolution = MobileUnit(
            part["conv"], part["conv"][1], inputs: channels, outputs: ending.expansion * channels,
            groups: specification.groups, shuffles: false, norm: "2")
        embedding = Linear(
            part["fc"][0], inputs: ending.expansion * channels + tokens.width, outputs: ending.width,
            initializer: .normal(deviation: 0.01))
        norm = BatchNorm(part["fc"][1], channels: ending.width)
        output = Linear(
            scope[Self.linear], inputs: ending.width, outputs: classes, initializer: .normal(deviation: 0.01))
    }

    package func callAsFunction<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> [Variable<S>] {
        let map = features.maps[features.maps.count - 1]
        let count = specification.tokens.count
        guard let flat = features.token else { return [] }
        let tokens = gather(map, flat.reshaped([flat.shape[0], count, specification.tokens.width]), context)
        let shuffled = LayerPath.$current.withValue("classifier") { map.shuffled(groups: specification.groups) }
        let wide = convolution(shuffled, context)
        let joined = LayerPath.$current.withValue("classifier") {
            Variable.concatenated([wide.relu6().globalAveragePooled().hardSwish(), tokens.firstToken])
        }
        let embedded = norm(embedding(joined, context), context)
        let rate = context.isTraining ? specification.ending.dropout : 0
        let kept = LayerPath.$current.withValue("classifier") {
            embedded.hardSwish().dropout(rate: rate, key: context.random("classifier.classifier.0"))
        }
        return [output(kept, context)]
    }

    package func trace(_ maps: [Shape], _ trace: ModelTrace) throws {
        let map = maps[maps.count - 1]
        let tokens: Shape = [1, specification.tokens.count, specification.tokens.width]
        try gather.trace(map, tokens, trace)
        try trace.enter("classifier", "head") {
            let wide = try convolution.trace(map, trace)
            let joined: Shape = [1, wide.columns + specification.tokens.width]
            return (try output.trace(try norm.trace(try embedding.trace(joined, trace), trace), trace), 0)
        }
    }
}
