import Configuration
import Layers

/// A family of backbones: the type names the family and its published models, its values decide a backbone's shape.
///
/// A family is written once, as a struct of numbers that conforms to this protocol and a `Backbone` of layers. In this
/// package it becomes known by its line in `ModelFamily.builtIn`, in a program of one's own by `ModelFamily.register`.
/// `Docs/AddingABackbone.md` goes through it step by step.
public protocol BackboneSpecification: Sendable, Hashable, Codable {
    /// The family in `model.name` and in files, one lower-case word: "hornet".
    static var name: String { get }

    /// What people call the family: "HorNet".
    static var title: String { get }

    /// What a configuration starts from that names the family alone.
    static var free: Self { get }

    /// Published models and presets, each under a name that `model.name` takes.
    static var variants: [ModelVariant<Self>] { get }

    /// How many classes the family's own classification head tells apart.
    var classes: Int { get set }

    /// Channels of the images.
    var inputChannels: Int { get set }

    /// Reads the family's keys from the section `model`, each with the value of `start` where it is absent. What does not
    /// go together is reported to the reader.
    init(reading reader: ConfigurationReader, from start: Self)

    /// The maps that the backbone gives for images of a size, finest first; exact for every size, and also for images of
    /// another size than the backbone was made for.
    /// - Throws: `ModelError` when nothing is left of a map.
    func taps(height: Int, width: Int) throws -> [FeatureTap]

    /// The same specification, checked, with everything filled in that depends on the image size. By default the taps are
    /// asked for and nothing is filled in.
    /// - Throws: `ModelError` when it makes no model at this image size.
    func resolved(height: Int, width: Int) throws -> Self

    /// Declares the backbone's parameters and makes it. The specification is a resolved one.
    /// - Parameter scope: the root, since names of parameters are those of the library whose files are read.
    func makeBackbone(_ scope: Scope) throws -> any Backbone

    /// How the family's classifiers end.
    var classifier: ClassificationHead.Form { get }

    /// Declares the parameters of the family's own classifier behind the backbone's and makes it; by default a
    /// `ClassificationHead` in the form `classifier`, whose name for the last linear layer holds for a head of another kind
    /// too.
    /// - Parameter taps: the maps that it is given.
    func makeClassifier(_ scope: Scope, taps: [FeatureTap]) throws -> any Head

    /// The side in pixels of the images that such a model is made for, 224 by default.
    var usualImageSize: Int { get }

    /// Where in the backbone a parameter of that name stands; `nil` for none of its own, and for everything by default:
    /// then layer-wise learning rates know one layer alone.
    func part(of name: String) -> BackbonePart?

    /// Blocks per stage, for layer-wise learning rates; none by default.
    var depths: [Int] { get }

    /// The number of each stage's blocks for layer-wise learning rates, rising from 1. By default each block has its own.
    var blockLayers: [[Int]] { get }

    /// Whether each map is normalised over its channels before a neck or a dense head reads it, since the stages end
    /// without a norm: the layer norms `norm0`, `norm1` ... of the family's dense models. No by default.
    var normalizesMaps: Bool { get }

    /// What a configuration starts from for a task of classes of places in an image, such as segmentation and detection, where
    /// that differs from `self`, which is what it starts from for others; itself by default.
    var usualForPlaces: Self { get }

    /// Epochs of training over which the attentions of kernels that adapt to the image settle; nil, as by default, where there
    /// are none that do.
    var annealingEpochs: Double? { get }

    /// Our name for a parameter that another library's checkpoint calls `name`, or `name` itself. By default the prefixes
    /// `module.` and `backbone.` are taken away.
    static func canonicalName(_ name: String) -> String

    /// mmpretrain's spelling of our name for a parameter; `nil`, as by default, where its files have other names.
    static func mmpretrainName(_ name: String) -> String?
}

/// Where in a backbone a parameter stands, as its name tells.
public enum BackbonePart: Sendable, Hashable {
    /// What the images meet first.
    case stem
    /// What leads into a stage, from 1 on, and what is added to its tokens.
    case entry(stage: Int)
    /// A part of one of a stage's blocks, both counted from 0.
    case block(stage: Int, index: Int)
}

/// A model under a name: a published one or a preset.
public struct ModelVariant<Specification: Sendable>: Sendable {
    /// What `model.name` says.
    public let name: String
    /// The model.
    public let specification: Specification
    /// The side in pixels of the images that it is made for, where that is not its specification's `usualImageSize`.
    public let imageSize: Int?

    /// A specification under a name.
    public init(_ name: String, _ specification: Specification, imageSize: Int? = nil) {
        self.name = name
        self.specification = specification
        self.imageSize = imageSize
    }
}

extension BackboneSpecification {
    /// The variant of that name.
    public static func variant(_ name: String) -> Self? { variants.first { $0.name == name }?.specification }

    /// The same specification, when there are taps for the image size.
    public func resolved(height: Int, width: Int) throws -> Self {
        _ = try taps(height: height, width: width)
        return self
    }

    /// A head in the form `classifier` over the last map.
    public func makeClassifier(_ scope: Scope, taps: [FeatureTap]) throws -> any Head {
        ClassificationHead(scope, classifier, inputs: taps.last?.channels ?? 0, classes: classes)
    }

    /// 224.
    public var usualImageSize: Int { 224 }

    /// `nil`.
    public func part(of name: String) -> BackbonePart? { nil }

    /// Itself.
    public var usualForPlaces: Self { self }

    /// nil.
    public var annealingEpochs: Double? { nil }

    /// None.
    public var depths: [Int] { [] }

    /// A number for each block, in order.
    public var blockLayers: [[Int]] { consecutiveBlockLayers }

    var consecutiveBlockLayers: [[Int]] {
        var number = 0
        return depths.map { depth in
            defer { number += max(0, depth) }
            return (0..<max(0, depth)).map { number + $0 + 1 }
        }
    }

    /// No.
    public var normalizesMaps: Bool { false }

    /// The name without the prefixes that a wrapped model's parameters have.
    public static func canonicalName(_ name: String) -> String {
        ["module.", "backbone."].reduce(name) { $0.hasPrefix($1) ? String($0.dropFirst($1.count)) : $0 }
    }

    /// `nil`.
    public static func mmpretrainName(_ name: String) -> String? { nil }

    /// The family's named models, as models of any family.
    static var models: [ModelVariant<ModelSpecification>] {
        variants.map { ModelVariant($0.name, ModelSpecification($0.specification), imageSize: $0.imageSize) }
    }

    /// Reads the family's keys, which start from the variant of that name where there is one.
    static func read(
        _ reader: ConfigurationReader, name: String, answersAboutPlaces: Bool = false
    ) -> ModelSpecification {
        let start = variant(name) ?? free
        return ModelSpecification(Self(reading: reader, from: answersAboutPlaces ? start.usualForPlaces : start))
    }

    /// Every name of the family that `model.name` takes.
    static var names: [String] { variants.map(\.name) + [name] }
}
