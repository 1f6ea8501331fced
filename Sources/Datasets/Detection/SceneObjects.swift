import Synchronization
import Tensors

/// The embedded scenes of digits as images with objects; what was made once is kept.
final class SceneObjects: AnnotatedDataset, CategorizedDataset {
    private let scenes: DigitScenes
    private let base: any AnnotatedDataset<Instances>
    private let labels: [Int?]
    private let hasMasks: Bool
    let categories: DetectionCategories
    private let made: Mutex<[LocatedInstances?]>

    /// 2,000 scenes to learn from, 200 for validation, 300 for the test.
    init(_ kind: PartKind, _ options: DetectionDataOptions) throws {
        scenes =
            switch kind {
            case .training: try DigitScenes(.train)
            case .validation: try DigitScenes(.validation)
            case .test: try DigitScenes(.test, count: 300)
            }
        base = scenes.instances
        hasMasks = options.needsMasks
        let all = DetectionCategories(names: base.classNames, identifiers: base.classNames.indices.map { Int64($0) })
        categories = try options.classNames.map { try ClassMatch.chosen($0, of: all, DetectionData.scenes) } ?? all
        let chosen = categories
        labels = all.names.map { chosen.names.firstIndex(of: $0) }
        made = Mutex([LocatedInstances?](repeating: nil, count: base.count))
    }

    var classNames: [String] { categories.names }
    var count: Int { base.count }
    func name(_ index: Int) -> String { base.name(index) }
    func image(_ index: Int) throws -> Image { try base.image(index) }
    func shape(_ index: Int) throws -> ImageShape { try base.shape(index) }

    func annotation(_ index: Int) throws -> LocatedInstances {
        if let known = made.withLock({ $0[index] }) { return known }
        let found = try base.annotation(index)
        let items = found.items.enumerated().compactMap { number, item -> Instance? in
            guard let label = labels[item.classIndex] else { return nil }
            var result = item.boxOnly
            result.classIndex = label
            result.identifier = Int64(index * 10 + number + 1)
            if hasMasks { result.runs = item.covered(in: found.size) }
            return result
        }
        let objects = LocatedInstances(
            identifier: Int64(index), original: Instances(size: found.size, items: items))
        made.withLock { $0[index] = objects }
        return objects
    }
}
