/// The numbers of a class, from what became of its detections.
struct ClassTally {
    /// How many objects count in each range of areas.
    let objects: [Int]
    let detections: Int
    /// Average precision [range of areas, overlap]; -1 without objects.
    private(set) var precision: [Double]
    /// Recall [range of areas, overlap] with 100 detections of an image, then [overlap] with 1 and with 10; -1 without
    /// objects.
    private(set) var recall: [Double]
    private(set) var precisionByRecall: [Double]
    /// What became of each detection at an overlap of .5, by falling score.
    private(set) var outcomes: [(index: Int32, isTrue: Bool)] = []

    init(_ matching: ClassMatching) {
        (objects, detections) = (matching.objects, matching.detections)
        precision = [Double](repeating: -1, count: 40)
        recall = [Double](repeating: -1, count: 60)
        precisionByRecall = []
        // By falling score over all images; what is equal stays in the order of the images.
        let answers = matching.answers.indices.sorted {
            let (one, other) = (matching.answers[$0].score, matching.answers[$1].score)
            return one > other || one == other && $0 < $1
        }.map { matching.answers[$0] }
        let first = EvaluationRules.bit(area: 0, overlap: 0)
        for answer in answers where answer.ignored & first == 0 {
            outcomes.append((answer.index, answer.found & first != 0))
        }
        for range in 0..<4 where objects[range] > 0 {
            for overlap in 0..<10 { add(answers, range, overlap) }
        }
    }

    private mutating func add(_ answers: [ClassMatching.Answer], _ range: Int, _ overlap: Int) {
        let bit = EvaluationRules.bit(area: range, overlap: overlap)
        let count = Double(objects[range])
        // Precision after each detection that found an object; in between it only falls.
        var precisions: [Double] = []
        var (hits, misses) = (0.0, 0.0)
        var (first, firstTen) = (0, 0)
        for answer in answers where answer.ignored & bit == 0 {
            guard answer.found & bit != 0 else {
                misses += 1
                continue
            }
            hits += 1
            precisions.append(hits / (misses + hits + .ulpOfOne))
            if answer.rank < 1 { first += 1 }
            if answer.rank < 10 { firstTen += 1 }
        }
        // The best precision at a recall or a higher one.
        for place in precisions.indices.dropLast().reversed() {
            precisions[place] = max(precisions[place], precisions[place + 1])
        }
        var (sum, place) = (0.0, 0)
        for wanted in EvaluationRules.recalls {
            while place < precisions.count, Double(place + 1) / count < wanted { place += 1 }
            let value = place < precisions.count ? precisions[place] : 0
            sum += value
            if range == 0, overlap == 0 { precisionByRecall.append(value) }
        }
        precision[range * 10 + overlap] = sum / 101
        recall[range * 10 + overlap] = hits / count
        if range == 0 {
            recall[40 + overlap] = Double(first) / count
            recall[50 + overlap] = Double(firstTen) / count
        }
    }

    /// The twelve numbers of this class.
    var stats: [Double] { ClassTally.stats([self]) }

    /// The twelve numbers of some classes together.
    static func stats(_ tallies: [ClassTally]) -> [Double] {
        func precision(_ range: Int, _ overlaps: Range<Int> = 0..<10) -> Double {
            mean(tallies.flatMap { $0.precision[range * 10 + overlaps.lowerBound..<range * 10 + overlaps.upperBound] })
        }
        func recall(_ block: Int) -> Double { mean(tallies.flatMap { $0.recall[block * 10..<block * 10 + 10] }) }
        return [
            precision(0), precision(0, 0..<1), precision(0, 5..<6), precision(1), precision(2), precision(3), recall(4),
            recall(5), recall(0), recall(1), recall(2), recall(3),
        ]
    }

    /// The mean of what is defined; -1 where nothing is.
    static func mean(_ values: [Double]) -> Double {
        let defined = values.filter { $0 > -1 }
        return defined.isEmpty ? -1 : defined.reduce(0, +) / Double(defined.count)
    }
}
