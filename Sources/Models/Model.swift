// Models: what any model is made of, a backbone, perhaps a neck, a head, and the list of families.

import Autograd
import Layers
import Tensors

/// A model of any family for any task: a backbone, a neck where there is one, and a head.
public struct Model: FeatureModel {
    /// What looks at the images.
    public let backbone: any Backbone
    /// Of the backbone's maps, on their way to a neck or a dense head; none for most models.
    package let mapNorms: [LayerNorm?]
    /// What makes maps of the backbone's maps.
    public let neck: (any Neck)?
    /// What answers.
    public let head: any Head
    /// How the backbone's batch norms work in training.
    public let backboneNorm: BackboneNorm
    /// Of all three parts, in this order.
    public let parameters: ParameterList

    /// How many classes the head tells apart.
    public var classes: Int { head.classes }

    /// Puts parts together.
    /// - Parameters:
    ///   - scope: where all of them declared their parameters.
    ///   - mapNorms: a norm or none for each of the backbone's maps; empty for none at all.
    ///   - backboneNorm: how the backbone's batch norms work in training.
    /// - Throws: `ModelError` when the parameters are beyond any memory.
    public init(
        _ scope: Scope, backbone: any Backbone, mapNorms: [LayerNorm?] = [], neck: (any Neck)? = nil, head: any Head,
        backboneNorm: BackboneNorm = .batch
    ) throws {
        self.backbone = backbone
        self.mapNorms = mapNorms
        self.neck = neck
        self.head = head
        self.backboneNorm = backboneNorm
        parameters = try scope.list.checked()
    }

    /// The head's answer and the maps at the taps for images [N, H, W, C]. The maps are the backbone's as they are, before
    /// their norms.
    public func callAsFunction<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        let seen = backbone(images, backboneNorm == .batch ? context : context.holdingStatistics)
        let given = normalized(seen, context)
        let refined = neck?(given, context)
        let read = refined ?? given
        return ModelOutput(
            answer: head(read, context), features: shown(seen, refined), regions: head.regions(read, context))
    }

    /// The answer alone: the backbone's maps go when the neck has read them.
    public func answer<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> ModelOutput<S> {
        let read = featuresForHead(images, context)
        return ModelOutput(answer: head(read, context), features: [], regions: head.regions(read, context))
    }

    /// The maps at the taps alone: the head is left out.
    public func features<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> [Variable<S>] {
        let seen = backbone(images, backboneNorm == .batch ? context : context.holdingStatistics)
        guard let neck else { return seen.maps }
        return shown(seen, neck(normalized(seen, context), context))
    }

    /// The maps that the head reads, behind the norms of the backbone's maps and of the neck.
    package func mapsForHead<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> [Variable<S>] {
        featuresForHead(images, context).maps
    }

    private func featuresForHead<S: Scalar>(_ images: Variable<S>, _ context: Context<S>) -> Features<S> {
        let seen = backbone(images, backboneNorm == .batch ? context : context.holdingStatistics)
        let given = normalized(seen, context)
        return neck?(given, context) ?? given
    }

    private func shown<S: Scalar>(_ seen: Features<S>, _ refined: Features<S>?) -> [Variable<S>] {
        seen.maps + (refined.map { $0.shown ?? $0.maps } ?? [])
    }

    /// The same model, its backbone's batch norms working by another rule than its head says.
    package func normed(_ backboneNorm: BackboneNorm) -> Model {
        Model(copying: self, backboneNorm: backboneNorm)
    }

    private init(copying other: Model, backboneNorm: BackboneNorm) {
        (backbone, mapNorms, neck, head) = (other.backbone, other.mapNorms, other.neck, other.head)
        (parameters, self.backboneNorm) = (other.parameters, backboneNorm)
    }

    /// What the neck or the head is given of the backbone's maps.
    package func normalized<S: Scalar>(_ features: Features<S>, _ context: Context<S>) -> Features<S> {
        if mapNorms.isEmpty { return features }
        return Features(maps: zip(mapNorms, features.maps).map { $0?($1, context) ?? $1 }, token: features.token)
    }

    /// The backbone's taps and then the neck's, for images of a size.
    /// - Throws: `ModelError` when nothing would be left of a map, or the head cannot work with the maps.
    public func taps(height: Int, width: Int) throws -> [FeatureTap] {
        let taps = try backbone.specification.taps(height: height, width: width)
        let refined = try neck?.taps(taps)
        try head.check(refined ?? taps)
        return taps + (refined ?? [])
    }

    /// The shape pass for one image [1, H, W, C].
    /// - Throws: `ModelError` when a layer cannot take what it is given.
    public func trace(height: Int, width: Int) throws -> ModelTrace.Node {
        let specification = backbone.specification
        _ = try taps(height: height, width: width)
        let trace = ModelTrace(model: type(of: specification).title)
        var maps = try trace.holdingStatistics(backboneNorm != .batch) {
            try backbone.trace([1, height, width, specification.inputChannels], trace)
        }
        if !mapNorms.isEmpty { maps = try zip(mapNorms, maps).map { try $0?.trace($1, trace) ?? $1 } }
        if let neck { maps = try neck.trace(maps, trace) }
        try head.trace(maps, trace)
        return trace.root
    }
}
