import Layers

/// The size of a stage's map.
public struct MapSize: Sendable, Hashable {
    public let height: Int
    public let width: Int
}

/// Lists with one positive entry per stage, the same number of stages in each.
func checkStages(_ lists: [(name: String, values: [Int])]) throws {
    guard let stages = lists.first?.values.count else { return }
    for (name, values) in lists {
        guard values.count == stages, (1...8).contains(values.count) else {
            throw ModelError(
                "model.\(name) has \(values.count) entries, expected one per stage (\(stages)), at most 8 stages")
        }
        guard values.allSatisfy({ $0 >= 1 }) else {
            throw ModelError("model.\(name) is \(values), expected positive numbers")
        }
    }
}

/// What every classifier has.
func checkHead(classes: Int, inputChannels: Int, dropPath: Double) throws {
    guard classes >= 1, inputChannels >= 1 else {
        throw ModelError("a model needs at least one class and one input channel, got \(classes) and \(inputChannels)")
    }
    guard (0..<1).contains(dropPath) else {
        throw ModelError("model.dropPath is \(dropPath), expected at least 0 and below 1")
    }
}

/// The map of each stage, `next` giving a stage's extent from the one before it.
func stageMaps(
    height: Int, width: Int, stages: Int, next: (_ stage: Int, _ extent: Int) -> Int
) throws -> [MapSize] {
    var (h, w) = (height, width)
    return try (0..<stages).map { stage in
        (h, w) = (next(stage, h), next(stage, w))
        guard h > 0, w > 0 else {
            throw ModelError(
                "stage \(stage) of the model would have an empty map for \(height)x\(width) images; use larger images "
                    + "(data.imageSize), a model made for small images, or fewer stages")
        }
        return MapSize(height: h, width: w)
    }
}
