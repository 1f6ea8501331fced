// Models: what any model is made of, a backbone, perhaps a neck, a head, and the list of families.

import Autograd
import Layers
import Tensors

/// A model of any family for any task: a backbone, a neck where there is one, and a head.
public struct Model: FeatureModel {
    /// What looks at the images.
    public let backbone: any Backbone
    /// What makes maps of the backbone's maps.
    public let neck: (any Neck)?
    /// What answers.
    public let head: any Head
    /// Of all three parts, in this order.
    public let parameters: ParameterList

    /// How many classes the head tells apart.
    public var classes: Int { head.classes }

    /// Puts parts together.
    /// - Parameter scope: where all of them declared their parameters.
    /// - Throws: `ModelError` when the parameters are beyond any memory.
    public init(_ scope: Scope, backbone: any Backbone, neck: (any Neck)? = nil, head: any Head) throws {
        self.backbone = backbone
        self.neck = neck
        self.head = head
        parameters = try scope.list.checked()
    }

    /// The head's answer and the maps at the taps for images [N, H, W, C].
    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        let seen = backbone(images, context)
        guard let neck else { return ModelOutput(answer: head(seen, context), features: seen.maps) }
        let refined = neck(seen, context)
        return ModelOutput(answer: head(refined, context), features: seen.maps + refined.maps)
    }

    /// The backbone's taps and then the neck's, for images of a size.
    /// - Throws: `ModelError` when nothing would be left of a map.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        let taps = try backbone.specification.taps(height: height, width: width)
        return try taps + (neck?.taps(taps) ?? [])
    }

    /// The shape pass for one image [1, H, W, C].
    /// - Throws: `ModelError` when a layer cannot take what it is given.
    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        let specification = backbone.specification
        _ = try specification.taps(height: height, width: width)
        let trace = ModelTrace(model: type(of: specification).title)
        var maps = try backbone.trace([1, height, width, specification.inputChannels], trace)
        if let neck { maps = try neck.trace(maps, trace) }
        try head.trace(maps, trace)
        return trace.root
    }
}
