import Datasets
import Tasks
import Tensors

extension DatasetSplits {
    /// Leaves only so many training images, for curves of what more data brings.
    ///
    /// Every class keeps its share, few images are among more of them, and the choice is the same for every seed of a run,
    /// so that runs of several seeds and sizes compare.
    /// - Parameters:
    ///   - groups: the class of each image.
    ///   - path: of the data, for messages.
    /// - Throws: `RecipeError` where there are not so many, or what reading the classes throws.
    mutating func keepTrainingImages(
        _ count: Int, path: String, groups: (any AnnotatedDataset<Annotation>) throws -> [Int]
    ) throws {
        let all = train.count
        guard count <= all else {
            throw RecipeError(
                "data.trainingImages is \(count), but \(path) has \(all) training images, expected at most as many")
        }
        train = SubsetDataset(train, indices: Self.chosen(count, groups: try groups(train)))
        notices.append("\(count) of the \(all) training images are learnt from (data.trainingImages).")
    }

    /// Images in ascending order. Each has a place within its group, between 0 and 1, and the first places are taken.
    private static func chosen(_ count: Int, groups: [Int]) -> [Int] {
        var members: [Int: [Int]] = [:]
        for (index, group) in groups.enumerated() { members[group, default: []].append(index) }
        var places = [Double](repeating: 0, count: groups.count)
        for (group, indices) in members {
            var random = Random(seed: 0, purpose: "training images", group)
            for (place, position) in random.permutation(indices.count).enumerated() {
                places[indices[position]] = (Double(place) + 0.5) / Double(indices.count)
            }
        }
        return places.indices.sorted { (places[$0], $0) < (places[$1], $1) }.prefix(count).sorted()
    }
}
