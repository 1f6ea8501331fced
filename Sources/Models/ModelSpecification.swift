import Configuration
import Layers

/// What every family's specification has; `ModelSpecification` forwards to it.
protocol FamilySpecification: Sendable, Hashable, Codable {
    var classes: Int { get set }
    var inputChannels: Int { get set }
    /// The side of the images a variant is made for, in pixels.
    var usualImageSize: Int { get }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel
}

/// A model of any family, as a value: what a weights file stores and a configuration chooses.
public enum ModelSpecification: Sendable, Hashable, Codable {
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

    /// The variant of that name and the side of the images it is made for.
    public static func variant(_ name: String) -> (specification: ModelSpecification, imageSize: Int)? {
        guard let specification = variants.first(where: { $0.name == name })?.specification else { return nil }
        return (specification, name.hasSuffix("img384") || name == "cvt_w24" ? 384 : specification.family.usualImageSize)
    }

    /// Builds the model for an image size.
    public func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try family.makeModel(height: height, width: width)
    }

    /// The same with everything that depends on the image size filled in.
    /// - Throws: `ModelError` when the specification makes no model at this image size.
    public func resolved(height: Int, width: Int) throws -> ModelSpecification {
        switch self {
        case .hornet(let specification): .hornet(try specification.resolved(height: height, width: width))
        case .convnext(let specification): .convnext(try specification.resolved(height: height, width: width))
        case .resnet(let specification): .resnet(try specification.resolved(height: height, width: width))
        case .cvt(let specification): .cvt(try specification.resolved(height: height, width: width))
        }
    }

    public var classes: Int {
        get { family.classes }
        set { change { $0.classes = newValue } }
    }

    public var inputChannels: Int {
        get { family.inputChannels }
        set { change { $0.inputChannels = newValue } }
    }

    private var family: any FamilySpecification {
        switch self {
        case .hornet(let specification): specification
        case .convnext(let specification): specification
        case .resnet(let specification): specification
        case .cvt(let specification): specification
        }
    }

    private mutating func change(_ body: (inout any FamilySpecification) -> Void) {
        func changed<T: FamilySpecification>(_ specification: T) -> T {
            var any: any FamilySpecification = specification
            body(&any)
            return any as? T ?? specification
        }
        switch self {
        case .hornet(let specification): self = .hornet(changed(specification))
        case .convnext(let specification): self = .convnext(changed(specification))
        case .resnet(let specification): self = .resnet(changed(specification))
        case .cvt(let specification): self = .cvt(changed(specification))
        }
    }

    /// Our name for a parameter that another library's checkpoint calls `name`, or `name` itself.
    public static func canonicalName(_ name: String) -> String { HorNetSpecification.canonicalName(name) }
}

extension HorNetSpecification: FamilySpecification {
    var usualImageSize: Int { stemStride == 4 ? 224 : 32 }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try HorNet(self, height: height, width: width)
    }
}

extension ConvNeXtSpecification: FamilySpecification {
    var usualImageSize: Int { stemStride == 4 ? 224 : 32 }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try ConvNeXt(self, height: height, width: width)
    }
}

extension ResNetSpecification: FamilySpecification {
    var usualImageSize: Int { stem == .large ? 224 : 32 }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try ResNet(self, height: height, width: width)
    }
}

extension CvTSpecification: FamilySpecification {
    var usualImageSize: Int { embedStrides.first == 4 ? 224 : 32 }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel { try CvT(self, height: height, width: width) }
}
