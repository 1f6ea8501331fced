import Layers

/// A model of any family, as a value: what a weights file stores and a configuration chooses.
public enum ModelSpecification: Sendable, Hashable {
    case hornet(HorNetSpecification)
    case convnext(ConvNeXtSpecification)
    case resnet(ResNetSpecification)
    case cvt(CvTSpecification)

    /// All named models, published variants and presets of each family.
    public static let variants: [(name: String, specification: ModelSpecification)] =
        HorNetSpecification.variants.map { ($0.name, .hornet($0.specification)) }
        + ConvNeXtSpecification.variants.map { ($0.name, .convnext($0.specification)) }
        + ResNetSpecification.variants.map { ($0.name, .resnet($0.specification)) }
        + CvTSpecification.variants.map { ($0.name, .cvt($0.specification)) }

    /// The families; each name stands for a specification to fill in freely.
    static let families: [(name: String, specification: ModelSpecification)] = [
        ("hornet", .hornet(.free)), ("convnext", .convnext(.free)), ("resnet", .resnet(.free)), ("cvt", .cvt(.free)),
    ]

    /// The names that `model.name` takes, published variants and presets first, then free specifications.
    public static var names: [String] { (variants + families).map(\.name) }

    /// The names of the families, which stand for specifications to fill in freely.
    public static var familyNames: [String] { families.map(\.name) }

    /// The family that a name belongs to, `nil` for a name that is none of `names`.
    public static func familyName(of name: String) -> String? {
        guard let found = (variants + families).first(where: { $0.name == name }) else { return nil }
        return switch found.specification {
        case .hornet: "hornet"
        case .convnext: "convnext"
        case .resnet: "resnet"
        case .cvt: "cvt"
        }
    }

    /// The variant of that name.
    public static func variant(_ name: String) -> ModelSpecification? {
        variants.first { $0.name == name }?.specification
    }

    /// The side in pixels of the images that a model of this kind and name is made for.
    public func usualImageSize(named name: String) -> Int {
        name.hasSuffix("img384") || name == "cvt_w24" ? 384 : family.isMadeForSmallImages ? 32 : 224
    }

    /// Builds the model for an image size.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try family.makeModel(height: height, width: width)
    }

    /// The same with everything that depends on the image size filled in.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public func resolved(height: Int, width: Int) throws -> ModelSpecification {
        try family.resolved(height: height, width: width).asModel
    }

    public var classes: Int {
        get { family.classes }
        set {
            var changed = family
            changed.classes = newValue
            self = changed.asModel
        }
    }

    public var inputChannels: Int {
        get { family.inputChannels }
        set {
            var changed = family
            changed.inputChannels = newValue
            self = changed.asModel
        }
    }

    /// Our name for a parameter that another library's checkpoint calls `name`, or `name` itself.
    public static func canonicalName(_ name: String) -> String { HorNetSpecification.canonicalName(name) }
}

// In a file: the family's name over its specification, {"hornet": {"baseWidth": 64, ...}}.
extension ModelSpecification: Codable {
    private enum Family: String, CodingKey { case hornet, convnext, resnet, cvt }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Family.self)
        guard let family = container.allKeys.first, container.allKeys.count == 1 else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: decoder.codingPath, debugDescription: "expected one known family"))
        }
        switch family {
        case .hornet: self = .hornet(try container.decode(HorNetSpecification.self, forKey: family))
        case .convnext: self = .convnext(try container.decode(ConvNeXtSpecification.self, forKey: family))
        case .resnet: self = .resnet(try container.decode(ResNetSpecification.self, forKey: family))
        case .cvt: self = .cvt(try container.decode(CvTSpecification.self, forKey: family))
        }
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Family.self)
        switch self {
        case .hornet(let specification): try container.encode(specification, forKey: .hornet)
        case .convnext(let specification): try container.encode(specification, forKey: .convnext)
        case .resnet(let specification): try container.encode(specification, forKey: .resnet)
        case .cvt(let specification): try container.encode(specification, forKey: .cvt)
        }
    }
}
