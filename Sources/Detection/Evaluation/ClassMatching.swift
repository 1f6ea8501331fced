import Datasets

/// Finds out, image by image, which detections of a class found which objects: for each range of areas and each overlap.
struct ClassMatching {
    let store: EvaluationStore
    let kind: CocoEvaluator.Kind
    let followsReference: Bool
    /// The detections that count: image by image, in each by falling score, no more than 100.
    private(set) var answers: [Answer] = []
    /// How many objects count in each range of areas.
    private(set) var objects = [0, 0, 0, 0]
    /// How many detections there are, with those that do not count.
    private(set) var detections = 0
    /// The objects that were found at an overlap of .5, groups not counted.
    private(set) var found: [Int32] = []
    /// Overlaps [detections of an image, objects of an image].
    private var overlaps: [Double] = []
    /// Which objects of an image are taken.
    private var taken: [Bool] = []

    /// A detection and what became of it.
    struct Answer {
        var score: Double
        var index: Int32
        /// How many of its image and class come before it.
        var rank: UInt8
        /// Whether it found an object or a group of objects; a bit for each range of areas and overlap.
        var found: UInt64 = 0
        /// Whether it does not count.
        var ignored: UInt64 = 0
    }

    init(_ store: EvaluationStore, _ kind: CocoEvaluator.Kind, _ followsReference: Bool) {
        (self.store, self.kind, self.followsReference) = (store, kind, followsReference)
    }

    /// - Parameters:
    ///   - truths: the class's objects, image by image.
    ///   - detections: the class's detections, image by image in the same order of images.
    mutating func match(_ truths: ArraySlice<Int32>, _ detections: ArraySlice<Int32>) {
        self.detections = detections.count
        answers.reserveCapacity(detections.count)
        for truth in truths where !store.truths.isCrowd[Int(truth)] {
            let area = store.truths.area[Int(truth)]
            for (range, areas) in EvaluationRules.areas.enumerated() where areas.contains(area) { objects[range] += 1 }
        }
        var ofImage: [Int: Range<Int>] = [:]
        var place = truths.startIndex
        while place < truths.endIndex {
            let image = store.truths.image[Int(truths[place])]
            let start = place
            while place < truths.endIndex, store.truths.image[Int(truths[place])] == image { place += 1 }
            ofImage[Int(image)] = start..<place
        }
        place = detections.startIndex
        while place < detections.endIndex {
            let image = store.answers.image[Int(detections[place])]
            let start = place
            while place < detections.endIndex, store.answers.image[Int(detections[place])] == image { place += 1 }
            let range = ofImage[Int(image)] ?? truths.startIndex..<truths.startIndex
            matchImage(truths[range], detections[start..<place])
        }
    }

    private mutating func matchImage(_ truths: ArraySlice<Int32>, _ detections: ArraySlice<Int32>) {
        let first = answers.count
        for index in detections {
            answers.append(Answer(score: store.answers.score[Int(index)], index: index, rank: 0))
        }
        // Insertion for the few that there are as a rule; it is stable.
        if detections.count > 32 {
            answers[first...].sort { $0.score > $1.score || $0.score == $1.score && $0.index < $1.index }
        } else {
            for place in first..<answers.count {
                let answer = answers[place]
                var free = place
                while free > first, answers[free - 1].score < answer.score {
                    answers[free] = answers[free - 1]
                    free -= 1
                }
                answers[free] = answer
            }
        }
        if detections.count > EvaluationRules.most {
            answers.removeLast(detections.count - EvaluationRules.most)
        }
        for place in first..<answers.count { answers[place].rank = UInt8(place - first) }
        if !truths.isEmpty { compare(truths, first) }
        for place in first..<answers.count {
            let area = store.answers.area[Int(answers[place].index)]
            for range in 0..<4 where !EvaluationRules.areas[range].contains(area) {
                answers[place].ignored |= EvaluationRules.bits(area: range) & ~answers[place].found
            }
        }
    }

    private mutating func compare(_ truths: ArraySlice<Int32>, _ first: Int) {
        let (rows, columns) = (answers.count - first, truths.count)
        overlaps.removeAll(keepingCapacity: true)
        var best = [Double](repeating: 0, count: rows)
        for row in 0..<rows {
            for truth in truths {
                let overlap = store.overlap(Int(answers[first + row].index), Int(truth), kind)
                best[row] = max(best[row], overlap)
                overlaps.append(overlap)
            }
        }
        if !best.contains(where: { $0 >= EvaluationRules.overlaps[0] }) { return }
        let items = Array(truths)
        let crowds = items.map { store.truths.isCrowd[Int($0)] }
        for range in 0..<4 {
            let outside = items.indices.map {
                crowds[$0] || !EvaluationRules.areas[range].contains(store.truths.area[Int(items[$0])])
            }
            // Objects that count come first.
            let order = items.indices.filter { !outside[$0] } + items.indices.filter { outside[$0] }
            for threshold in 0..<EvaluationRules.overlaps.count {
                let least = min(EvaluationRules.overlaps[threshold], 1 - 1e-10)
                let bit = EvaluationRules.bit(area: range, overlap: threshold)
                taken.removeAll(keepingCapacity: true)
                for _ in 0..<columns { taken.append(false) }
                for row in 0..<rows where best[row] >= least {
                    var (overlap, found) = (least, -1)
                    for column in order {
                        if taken[column], !crowds[column] { continue }
                        if found >= 0, !outside[found], outside[column] { break }
                        if overlaps[row * columns + column] < overlap { continue }
                        (overlap, found) = (overlaps[row * columns + column], column)
                    }
                    guard found >= 0 else { continue }
                    taken[found] = true
                    if outside[found] {
                        answers[first + row].ignored |= bit
                    } else if range == 0, threshold == 0 {
                        self.found.append(items[found])
                    }
                    if followsReference, store.truths.identifier[Int(items[found])] == 0 { continue }
                    answers[first + row].found |= bit
                }
            }
        }
    }
}
