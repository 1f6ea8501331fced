import Datasets
import Tensors

/// Measures boxes as Pascal VOC does (Everingham et al., "The Pascal visual object classes challenge", 2010, section 4.2).
///
/// Objects whose `isCrowd` is set are difficult ones: they may be found or not. Unlike with COCO a detection looks at the one
/// object that it overlaps most, and at no other when that is taken.
public struct VocEvaluator: Sendable {
    /// How a curve of precision by recall becomes one number.
    public enum Rule: String, Sendable, CaseIterable {
        /// The mean of the best precisions at recalls of 0, .1, ... 1 and more (until 2009).
        case elevenPoints
        /// The area under the curve that never rises (from 2010 on).
        case area
    }

    /// How a curve becomes one number.
    public var rule: Rule
    /// How much a detection and an object must have in common.
    public var overlap: Double
    /// Whether widths and heights are one pixel more than the difference of their sides, as the first tools had it.
    public var countsPixels: Bool
    private var truths: [[Int64: [TrueObject]]]
    private var answers: [[Answer]]

    private struct Answer {
        var image: Int64
        var score: Double
        var box: Box
    }

    /// Nothing has been added yet.
    public init(classes: Int, rule: Rule = .area, overlap: Double = 0.5, countsPixels: Bool = false) {
        require(classes > 0, "VocEvaluator", "there are \(classes) classes, expected at least 1")
        (self.rule, self.overlap, self.countsPixels) = (rule, overlap, countsPixels)
        truths = [[Int64: [TrueObject]]](repeating: [:], count: classes)
        answers = [[Answer]](repeating: [], count: classes)
    }

    /// Adds an image with what is in it and what a detector says is in it; both may be empty.
    public mutating func add(image: Int64, truths: [TrueObject], detections: [DetectedObject]) {
        for truth in truths { self.truths[truth.classIndex][image, default: []].append(truth) }
        for detection in detections {
            answers[detection.classIndex].append(Answer(image: image, score: detection.score, box: detection.box))
        }
    }

    /// What was measured.
    public struct Findings: Sendable, Equatable {
        /// Average precision of each class; nil for a class without objects.
        public var classes: [Double?]
        /// The mean over the classes that have objects; nil where none has.
        public var mean: Double?
    }

    /// The numbers of all that was added.
    public func finish() -> Findings {
        let classes = truths.indices.map { averagePrecision($0) }
        let defined = classes.compactMap { $0 }
        return Findings(
            classes: classes, mean: defined.isEmpty ? nil : defined.reduce(0, +) / Double(defined.count))
    }

    private func averagePrecision(_ index: Int) -> Double? {
        let truths = truths[index]
        let count = truths.values.reduce(0) { sum, items in sum + items.count { !$0.isCrowd } }
        guard count > 0 else { return nil }
        var taken = truths.mapValues { [Bool](repeating: false, count: $0.count) }
        var (hits, misses) = (0.0, 0.0)
        var points: [(recall: Double, precision: Double)] = []
        for place in Ranking.order(answers[index].map(\.score)) {
            let answer = answers[index][place]
            var (best, found) = (-1.0, -1)
            for (candidate, truth) in (truths[answer.image] ?? []).enumerated() {
                let overlap = common(answer.box, truth.box)
                if overlap > best { (best, found) = (overlap, candidate) }
            }
            if found >= 0, best >= overlap {
                if truths[answer.image]?[found].isCrowd == true { continue }
                if taken[answer.image]?[found] == false { hits += 1 } else { misses += 1 }
                taken[answer.image]?[found] = true
            } else {
                misses += 1
            }
            points.append((hits / Double(count), hits / (hits + misses)))
        }
        return summary(points)
    }

    private func summary(_ points: [(recall: Double, precision: Double)]) -> Double {
        switch rule {
        case .elevenPoints:
            let best = (0...10).map { step in
                points.filter { $0.recall >= Double(step) * 0.1 }.map(\.precision).max() ?? 0
            }
            return best.reduce(0, +) / 11
        case .area:
            var (area, best, last) = (0.0, 0.0, points.last?.recall ?? 0)
            for (recall, precision) in points.reversed() {
                // From this recall to the one after it the best precision so far holds.
                area += (last - recall) * best
                best = max(best, precision)
                last = recall
            }
            return area + last * best
        }
    }

    private func common(_ one: Box, _ other: Box) -> Double {
        let more = countsPixels ? 1.0 : 0
        let width = min(one.right, other.right) - max(one.left, other.left) + more
        let height = min(one.bottom, other.bottom) - max(one.top, other.top) + more
        guard width > 0, height > 0 else { return 0 }
        func area(_ box: Box) -> Double { (box.width + more) * (box.height + more) }
        let whole = area(one) + area(other) - width * height
        return whole > 0 ? width * height / whole : 0
    }
}
