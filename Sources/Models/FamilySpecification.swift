import Layers

/// What the specification of every family has; `ModelSpecification` forwards to it.
protocol FamilySpecification: Sendable {
    var classes: Int { get set }
    var inputChannels: Int { get set }
    var isMadeForSmallImages: Bool { get }
    var asModel: ModelSpecification { get }
    func resolved(height: Int, width: Int) throws -> Self
    func makeModel(height: Int, width: Int) throws -> any FeatureModel
}

extension ModelSpecification {
    var family: any FamilySpecification {
        switch self {
        case .hornet(let specification): specification
        case .convnext(let specification): specification
        case .resnet(let specification): specification
        case .cvt(let specification): specification
        }
    }
}

extension HorNetSpecification: FamilySpecification {
    var isMadeForSmallImages: Bool { stemStride < 4 }
    var asModel: ModelSpecification { .hornet(self) }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try HorNet(self, height: height, width: width)
    }
}

extension ConvNeXtSpecification: FamilySpecification {
    var isMadeForSmallImages: Bool { stemStride < 4 }
    var asModel: ModelSpecification { .convnext(self) }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try ConvNeXt(self, height: height, width: width)
    }
}

extension ResNetSpecification: FamilySpecification {
    var isMadeForSmallImages: Bool { stem == .small }
    var asModel: ModelSpecification { .resnet(self) }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try ResNet(self, height: height, width: width)
    }
}

extension CvTSpecification: FamilySpecification {
    var isMadeForSmallImages: Bool { (embedStrides.first ?? 4) < 4 }
    var asModel: ModelSpecification { .cvt(self) }
    func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        try CvT(self, height: height, width: width)
    }
}
