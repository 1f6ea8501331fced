import Datasets

/// How the images of a batch go through the model: cut into slices, and these into parts.
struct BatchPieces {
    let slices: Int
    /// The most images of a part.
    let partSize: Int

    /// Images of the smallest piece of a batch of so many; 0 for a batch of none.
    func smallest(of count: Int) -> Int {
        sizes(of: count).map { $0 % partSize > 0 ? $0 % partSize : partSize }.min() ?? 0
    }

    /// Images of the largest piece of a batch of so many.
    func largest(of count: Int) -> Int { min(partSize, sizes(of: count).max() ?? 0) }

    /// Images of the slices that have any.
    private func sizes(of count: Int) -> [Int] {
        (0..<slices).map { BatchSlices.range($0, of: slices, images: count).count }.filter { $0 > 0 }
    }

    /// What is wrong with a number of slices, nil where nothing is.
    static func problem(slices: Int, batchSize: Int) -> String? {
        let below = powerOfTwo(upTo: slices)
        if below != slices { return "found \(slices), expected a power of two, such as \(below) or \(2 * below)" }
        guard slices > batchSize else { return nil }
        return
            "found \(slices), expected at most \(powerOfTwo(upTo: batchSize)), as training.batchSize is \(batchSize)"
    }

    /// The largest power of two that is no larger; 1 for what is smaller.
    static func powerOfTwo(upTo value: Int) -> Int { 1 << (Int.bitWidth - 1 - max(1, value).leadingZeroBitCount) }
}
