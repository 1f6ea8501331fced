/// Items by class, within a class by image, within an image in the order in which they came.
struct Grouping {
    /// The items' indices.
    private(set) var order: [Int32]
    /// Where each class begins in `order`, and one more for the end.
    private(set) var starts: [Int]

    /// - Parameters:
    ///   - ranks: for each place of an image where it stands in the order of the ids.
    init(classes: [Int32], images: [Int32], ranks: [Int32], classCount: Int) {
        let byImage = Self.sort(nil, by: images, count: ranks.count) { ranks[Int($0)] }
        (order, starts) = Self.sort(byImage.order, by: classes, count: classCount) { $0 }
    }

    /// A stable sort by small numbers.
    @inline(__always)
    private static func sort(
        _ order: [Int32]?, by keys: [Int32], count: Int, _ rank: (Int32) -> Int32
    ) -> (order: [Int32], starts: [Int]) {
        var starts = [Int](repeating: 0, count: count + 1)
        for key in keys { starts[Int(rank(key)) + 1] += 1 }
        for index in 0..<count { starts[index + 1] += starts[index] }
        var next = starts
        var sorted = [Int32](repeating: 0, count: keys.count)
        for place in keys.indices {
            let item = order?[place] ?? Int32(place)
            let key = Int(rank(keys[Int(item)]))
            sorted[next[key]] = item
            next[key] += 1
        }
        return (sorted, starts)
    }

    /// For each place of an image its rank in the order of the ids.
    static func ranks(_ images: [Int64]) -> [Int32] {
        var ranks = [Int32](repeating: 0, count: images.count)
        for (rank, place) in images.indices.sorted(by: { images[$0] < images[$1] }).enumerated() {
            ranks[place] = Int32(rank)
        }
        return ranks
    }
}
