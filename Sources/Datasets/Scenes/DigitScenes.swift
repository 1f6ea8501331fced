/// The scenes of one part, see `DigitScene`; `masks` and `instances` are the data sets of it.
public struct DigitScenes: Sendable {
    /// Who made the digits and on what terms they are passed on.
    public static let attribution = "Made-up scenes of: \(Digits.attribution)"
    /// The seed of the scenes that are there by default, the same ones for every run.
    public static let defaultSeed: UInt64 = 0

    /// Which digits are used.
    public let part: DigitScenePart
    /// How many scenes there are.
    public let count: Int
    /// What the scenes are a function of, beside the part and their index.
    public let seed: UInt64

    /// - Parameter count: how many scenes; nil takes 2000 for training, 200 for validation and 500 for the test. More of
    ///   them begin with those that fewer have.
    /// - Throws: `DatasetError` where the program is damaged.
    public init(_ part: DigitScenePart, count: Int? = nil, seed: UInt64 = DigitScenes.defaultSeed) throws {
        (self.part, self.count, self.seed) = (part, count ?? part.defaultCount, seed)
        _ = try DigitScene(seed: seed, index: 0, part: part)
    }

    /// The scenes with the class of each pixel: 0 for the background, 1...10 for the digits.
    public var masks: any AnnotatedDataset<Mask> {
        SceneDataset(scenes: self, classNames: DigitScene.maskClassNames) { $0.mask }
    }

    /// The scenes with their digits: class 0...9, box and mask of what is visible.
    public var instances: any AnnotatedDataset<Instances> {
        SceneDataset(scenes: self, classNames: DigitScene.digitNames) { $0.instances }
    }

    /// Scene `index`.
    public func scene(_ index: Int) throws -> DigitScene { try DigitScene(seed: seed, index: index, part: part) }
}

private struct SceneDataset<Annotation: Datasets.Annotation>: AnnotatedDataset {
    let scenes: DigitScenes
    let classNames: [String]
    let annotated: @Sendable (DigitScene) -> Annotation

    var count: Int { scenes.count }
    func name(_ index: Int) -> String { "scenes/\(scenes.part.rawValue)[\(index)]" }
    func image(_ index: Int) throws -> Image { try scenes.scene(index).image }
    func annotation(_ index: Int) throws -> Annotation { annotated(try scenes.scene(index)) }
    func shape(_ index: Int) -> ImageShape {
        ImageShape(width: DigitScene.size.width, height: DigitScene.size.height, channels: 3)
    }
}
