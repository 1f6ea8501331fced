// What the files say of an image, without its outlines, through whatever data sets lie between.
extension AnnotatedDataset where Annotation == LocatedInstances {
    /// The boxes of image `index` alone, which cost less to read than its outlines.
    func light(_ index: Int) throws -> LocatedInstances {
        switch self {
        case let located as LocatedDataset: return try located.annotation(index, withOutlines: false)
        case let subset as SubsetDataset<LocatedInstances>: return try subset.base.light(subset.indices[index])
        case let watched as WatchedDataset<LocatedInstances>: return try watched.base.light(index)
        case let trained as TrainedObjects: return try trained.light(at: index)
        case let joined as JoinedDataset<LocatedInstances>:
            let place = joined.place(index)
            return try place.part.light(place.index)
        default: return try annotation(index)
        }
    }
}

extension SubsetDataset: CategorizedDataset where Annotation == LocatedInstances {
    var categories: DetectionCategories { DetectionCategories(of: base) }
}

extension WatchedDataset: CategorizedDataset where Annotation == LocatedInstances {
    var categories: DetectionCategories { DetectionCategories(of: base) }
}

extension JoinedDataset: CategorizedDataset where Annotation == LocatedInstances {
    var categories: DetectionCategories { DetectionCategories(of: parts[0]) }
}
