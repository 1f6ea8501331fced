import Layers

/// The size of a stage's map.
package struct MapSize: Sendable, Hashable {
    package let height: Int
    package let width: Int
}

/// What a specification may say at most, whether it comes from a configuration or from the metadata of a weights file.
enum ModelLimits {
    static let depths = 1...256
    static let widths = 1...8192
    static let baseWidth = 1...4096
    static let heads = 1...256
    static let kernels = 1...64
    static let strides = 1...64
    static let keyStride = 1...8
    static let attentionWindow = 1...32
    static let expansions = 1...16
    static let tokens = 1...1024
    static let groups = 1...64
    static let orders = 1...5
    static let classes = 1...1_000_000
    static let inputChannels = 1...4096
    static let gateScale = 1e-6...1e3
    static let layerScale = 0.0...10
    static let headScale = 0.0...100
    /// Rows and columns of a stored filter; no map is larger.
    static let filter = 1...16_384
}

/// One whole number of a specification.
func checkNumber(_ name: String, _ value: Int, in range: ClosedRange<Int>) throws {
    guard range.contains(value) else {
        throw ModelError("model.\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
}

/// One number of a specification; NaN lies in no range.
func checkNumber(_ name: String, _ value: Double, in range: ClosedRange<Double>) throws {
    guard range.contains(value) else {
        throw ModelError("model.\(name) is \(value), expected \(range.lowerBound) to \(range.upperBound)")
    }
}

/// The number of entries of a list, one per stage.
func checkCount(_ name: String, _ count: Int, stages: Int) throws {
    guard count == stages, (1...8).contains(count) else {
        throw ModelError("model.\(name) has \(count) entries, expected one per stage (\(stages)), at most 8 stages")
    }
}

/// Lists with one entry per stage within a range, the same number of stages in each.
func checkStages(_ lists: [(name: String, values: [Int], range: ClosedRange<Int>)]) throws {
    guard let stages = lists.first?.values.count else { return }
    for (name, values, range) in lists {
        try checkCount(name, values.count, stages: stages)
        guard values.allSatisfy(range.contains) else {
            throw ModelError(
                "model.\(name) is \(values), expected numbers from \(range.lowerBound) to \(range.upperBound)")
        }
    }
}

/// What every classifier has.
func checkHead(classes: Int, inputChannels: Int, dropPath: Double) throws {
    try checkNumber("classes", classes, in: ModelLimits.classes)
    try checkNumber("inputChannels", inputChannels, in: ModelLimits.inputChannels)
    guard (0..<1).contains(dropPath) else {
        throw ModelError("model.dropPath is \(dropPath), expected at least 0 and below 1")
    }
}

/// The map of each stage, `next` giving a stage's extent from the one before it.
/// - Parameter remedy: what else to do beside larger images or fewer stages where nothing is left of a map.
func stageMaps(
    height: Int, width: Int, stages: Int, remedy: String = "a model made for small images",
    next: (_ stage: Int, _ extent: Int) -> Int
) throws -> [MapSize] {
    var (h, w) = (height, width)
    return try (0..<stages).map { stage in
        (h, w) = (next(stage, h), next(stage, w))
        guard h > 0, w > 0 else {
            throw ModelError(
                "stage \(stage) of the model would have an empty map for \(height)x\(width) images; use larger images "
                    + "(data.imageSize), \(remedy), or fewer stages")
        }
        return MapSize(height: h, width: w)
    }
}

/// A tap at the end of each stage.
func stageTaps(_ maps: [MapSize], stride: (_ stage: Int) -> Int, channels: (_ stage: Int) -> Int) -> [FeatureTap] {
    maps.enumerated().map { stage, map in
        FeatureTap(
            name: "stage\(stage)", stride: stride(stage), channels: channels(stage), height: map.height,
            width: map.width)
    }
}

/// The drop rate of one of so many blocks: `last` for the last, proportionally less for earlier ones.
func dropRate(_ last: Double, block: Int, of count: Int) -> Double {
    count > 1 ? last * Double(block) / Double(count - 1) : 0
}
