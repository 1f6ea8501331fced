/// Precision, recall and F1 by the score from which on detections are believed, at an overlap of .5.
public struct ScoreCurve: Sendable, Equatable {
    /// What detections with at least a score are worth.
    public struct Point: Sendable, Equatable {
        /// The score from which on detections are believed.
        public var score: Double
        /// How many of them found an object.
        public var hits: Int
        /// How many of them found none.
        public var misses: Int
        /// How many objects there are.
        public var objects: Int

        /// The part of the detections that found an object; nil where there are none.
        public var precision: Double? { hits + misses > 0 ? Double(hits) / Double(hits + misses) : nil }
        /// The part of the objects that were found; nil where there are none.
        public var recall: Double? { objects > 0 ? Double(hits) / Double(objects) : nil }
        /// The harmonic mean of both; nil without detections and objects.
        public var f1: Double? {
            hits + misses + objects > 0 ? 2 * Double(hits) / Double(hits + misses + objects) : nil
        }
    }

    /// At each score that a detection has, from the highest on.
    public let points: [Point]
    private let objects: Int

    /// - Parameters:
    ///   - scored: the score of each detection and whether it found an object.
    ///   - objects: how many objects there are.
    init(_ scored: [(score: Double, isTrue: Bool)], objects: Int) {
        self.objects = objects
        var points: [Point] = []
        var (hits, misses) = (0, 0)
        for item in scored.sorted(by: { $0.score > $1.score }) {
            if item.isTrue { hits += 1 } else { misses += 1 }
            let point = Point(score: item.score, hits: hits, misses: misses, objects: objects)
            if points.last?.score == item.score { points[points.count - 1] = point } else { points.append(point) }
        }
        self.points = points
    }

    /// Where F1 is highest, at the highest score where that is so several times; nil where nothing was found.
    public var best: Point? {
        var best: Point?
        for point in points where point.hits > 0 && point.f1 ?? 0 > best?.f1 ?? 0 { best = point }
        return best
    }

    /// What detections with at least this score are worth.
    public func at(_ score: Double) -> Point {
        var (low, high) = (0, points.count)
        while low < high {
            let middle = (low + high) / 2
            if points[middle].score >= score { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return Point(score: score, hits: 0, misses: 0, objects: objects) }
        var point = points[low - 1]
        point.score = score
        return point
    }

    /// At `count` scores from 0 to 1, for drawing.
    public func sampled(_ count: Int = 101) -> [Point] {
        (0..<count).map { at(Double($0) / Double(max(1, count - 1))) }
    }
}

extension DetectionOutcomes {
    /// The curve of one class, or of all detections and objects together.
    public func curve(ofClass index: Int? = nil) -> ScoreCurve {
        let kept = scores.indices.filter { index == nil || Int(classIndex[$0]) == index }
        return ScoreCurve(
            kept.map { (scores[$0], isTrue[$0]) }, objects: index.map { objects[$0] } ?? objects.reduce(0, +))
    }

    /// The score from which on detections are best believed: where F1 over all classes is highest; nil where nothing was found.
    public var bestScore: Double? { curve().best?.score }

    /// What became of an image.
    public struct ImageCounts: Sendable, Equatable {
        /// Its id.
        public var image: Int64
        /// How many objects were found.
        public var hits: Int
        /// How many detections found none.
        public var falseAlarms: Int
        /// How many objects were not found.
        public var misses: Int
    }

    /// What became of each image, in the order in which they were added, when detections are believed from a score on.
    public func imageCounts(score: Double) -> [ImageCounts] {
        var counts = images.indices.map {
            ImageCounts(image: images[$0], hits: 0, falseAlarms: 0, misses: objectsOfImage[$0])
        }
        for index in scores.indices where scores[index] >= score {
            let place = Int(image[index])
            if isTrue[index] {
                counts[place].hits += 1
                counts[place].misses -= 1
            } else {
                counts[place].falseAlarms += 1
            }
        }
        return counts
    }
}
