import Layers

/// A model of any family for any task, as a value: what a weights file stores and a configuration chooses.
public struct ModelSpecification: Sendable {
    /// The backbone, a value of its family.
    public var backbone: any BackboneSpecification
    /// What stands between backbone and head; `nil` for nothing.
    public var neck: (any NeckSpecification)?
    /// A head of its own; `nil` for a classifier in the family's form.
    public var head: (any HeadSpecification)?

    /// A model of parts; a classifier when no head is named.
    public init(
        _ backbone: any BackboneSpecification, neck: (any NeckSpecification)? = nil,
        head: (any HeadSpecification)? = nil
    ) {
        self.backbone = backbone
        self.neck = neck
        self.head = head
    }

    /// How many classes the model tells apart.
    public var classes: Int {
        get { head?.classes ?? backbone.classes }
        set { if head == nil { backbone.classes = newValue } else { head?.classes = newValue } }
    }

    /// Channels of the images.
    public var inputChannels: Int {
        get { backbone.inputChannels }
        set { backbone.inputChannels = newValue }
    }

    /// The parameters whose size depends on the number of classes: those of a classifier's linear layer.
    public var headParameters: [String] { head?.outputParameters ?? backbone.classifier.outputParameters }

    /// The side in pixels of the images that a model of this kind and name is made for.
    public func usualImageSize(named name: String) -> Int {
        Self.variants.first { $0.name == name }?.imageSize ?? backbone.usualImageSize
    }

    /// The same with everything that depends on the image size filled in.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public func resolved(height: Int, width: Int) throws -> ModelSpecification {
        ModelSpecification(try backbone.resolved(height: height, width: width), neck: neck, head: head)
    }

    /// Builds the model for an image size.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public func makeModel(height: Int, width: Int) throws -> Model {
        let specification = try backbone.resolved(height: height, width: width)
        let scope = Scope()
        let backboneNorm = head?.backboneNorm ?? .batch
        let backbone = try specification.makeBackbone(scope)
        if backboneNorm == .frozen { scope.holdNorms() }
        var taps = try specification.taps(height: height, width: width)
        let norms = makeMapNorms(scope, taps)
        if self.neck != nil, let head = self.head, head.readsCoarsestMapAlone {
            throw ModelError(
                "the head \(type(of: head).name) reads the coarsest map alone, so layers of the neck would never be "
                    + "trained; let it read all maps or leave out the neck")
        }
        let neck = try neck?.makeNeck(scope, taps: taps)
        if let neck { taps = try neck.taps(taps) }
        guard !taps.isEmpty else { throw ModelError("a model needs a map at least, but this one has no taps") }
        let head: any Head =
            try self.head?.makeHead(scope, taps: taps) ?? specification.makeClassifier(scope, taps: taps)
        try head.check(taps)
        return try Model(scope, backbone: backbone, mapNorms: norms, neck: neck, head: head, backboneNorm: backboneNorm)
    }

    /// mmpretrain's spelling of our name for a parameter.
    /// - Throws: `ModelError` for a family whose weights mmpretrain does not read under such names.
    public func mmpretrainName(_ name: String) throws -> String {
        if let theirs = type(of: backbone).mmpretrainName(name) { return theirs }
        let known = ModelFamily.all.filter { $0.mmpretrainName(name) != nil }.map { $0.title }
        throw ModelError(
            "mmpretrain's spelling is known for \(known.joined(separator: ", ")) alone, but the weights are those of a "
                + type(of: backbone).title)
    }
}

extension ModelSpecification {
    /// All named models, published variants and presets of each family.
    public static var variants: [ModelVariant<ModelSpecification>] { ModelFamily.all.flatMap { $0.models } }

    /// The variant of that name.
    public static func variant(_ name: String) -> ModelSpecification? {
        variants.first { $0.name == name }?.specification
    }

    /// The names that `model.name` takes, published variants and presets first, then free specifications.
    public static var names: [String] { variants.map(\.name) + familyNames }

    /// The names of the families, which stand for specifications to fill in freely.
    public static var familyNames: [String] { ModelFamily.all.map { $0.name } }

    /// The family that a name belongs to, `nil` for a name that is none of `names`.
    public static func familyName(of name: String) -> String? { ModelFamily.of(name)?.name }
}
