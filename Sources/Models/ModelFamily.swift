import Layers

/// The families of backbones that this program knows.
public enum ModelFamily {
    /// Those of this package.
    public static let builtIn: [any BackboneSpecification.Type] = [
        HorNetSpecification.self, ConvNeXtSpecification.self, ResNetSpecification.self, CvTSpecification.self,
        UNetSpecification.self, SegNetrSpecification.self, SwinSpecification.self, MobileFormerSpecification.self,
        MobileNetV2Specification.self, AFFNetSpecification.self, HDSRNetSpecification.self, MixNetSpecification.self,
    ]

    private static let list = PartList("family", builtIn) { $0.names }

    /// Those of this package and then the registered ones.
    public static var all: [any BackboneSpecification.Type] { list.kinds }

    /// Makes a family of one's own known to everything that goes by a name: configurations, weights files, listings.
    ///
    /// The list belongs to the whole process. Call this at the start of a program, before a configuration or a weights
    /// file is read: what was read before does not know the family.
    /// - Throws: `ModelError` when a name of the family or of one of its variants is taken.
    public static func register(_ family: any BackboneSpecification.Type) throws { try list.register(family) }

    /// The family that a name belongs to; `nil` for a name that is none.
    static func of(_ name: String) -> (any BackboneSpecification.Type)? { all.first { $0.names.contains(name) } }
}

/// The kinds of necks that this program reads from files.
public enum ModelNeck {
    /// Those of this package.
    public static let builtIn: [any NeckSpecification.Type] = [FeaturePyramidSpecification.self]

    private static let list = PartList("neck", builtIn) { [$0.name] }

    /// Those of this package and then the registered ones.
    public static var all: [any NeckSpecification.Type] { list.kinds }

    /// Makes a neck of one's own known to files; see `ModelFamily.register`.
    /// - Throws: `ModelError` when its name is taken.
    public static func register(_ neck: any NeckSpecification.Type) throws { try list.register(neck) }
}

/// The kinds of heads that this program reads from files, beside the classification heads of the families.
public enum ModelHead {
    /// Those of this package.
    public static let builtIn: [any HeadSpecification.Type] = [
        UPerNetHeadSpecification.self, SemanticFPNHeadSpecification.self, FCNHeadSpecification.self,
        UNetHeadSpecification.self, SegNetrHeadSpecification.self, EnlargingHeadSpecification.self,
        RetinaNetHeadSpecification.self, RepPointsHeadSpecification.self, RegionHeadSpecification.self,
    ]

    private static let list = PartList("head", builtIn) { [$0.name] }

    /// Those of this package and then the registered ones.
    public static var all: [any HeadSpecification.Type] { list.kinds }

    /// Those that answer with scores of classes for each pixel: all but those of detectors and the one that enlarges.
    package static var dense: [any HeadSpecification.Type] {
        all.filter { !($0 is any DetectorHeadSpecification.Type) && $0 != EnlargingHeadSpecification.self }
    }

    /// Makes a head of one's own known to files; see `ModelFamily.register`.
    /// - Throws: `ModelError` when its name is taken.
    public static func register(_ head: any HeadSpecification.Type) throws { try list.register(head) }
}
