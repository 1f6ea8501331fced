import Tensors

/// How well boundaries are met, within a tolerance (Csurka et al., BMVC 2013): for each class of an image the F1 score of
/// the share of predicted boundary pixels near a true one and the share of true boundary pixels near a predicted one;
/// then the mean over classes and images.
struct BoundaryScore: Sendable {
    private let tolerance: Int
    private let classes: Int
    private var sum = 0.0
    private var count = 0
    /// The places within the tolerance of one, as offsets.
    private let disk: [(y: Int, x: Int)]

    /// - Parameter tolerance: in pixels, by Euclidean distance.
    init(tolerance: Int, classes: Int) {
        (self.tolerance, self.classes) = (tolerance, classes)
        disk = (-tolerance...tolerance).flatMap { y in
            (-tolerance...tolerance).filter { $0 * $0 + y * y <= tolerance * tolerance }.map { (y, $0) }
        }
    }

    /// The mean so far; nil where no boundary was met.
    var value: Double? { count > 0 ? sum / Double(count) : nil }

    mutating func add(answers: [UInt8], labels: [UInt8], size: Pair, ignored: UInt8) {
        let (truth, answer) = (boundary(labels, size, labels, ignored), boundary(answers, size, labels, ignored))
        for index in 0..<classes {
            let label = UInt8(truncatingIfNeeded: index)
            let (t, p) = (truth[label] ?? [], answer[label] ?? [])
            if t.isEmpty && p.isEmpty { continue }
            let (precision, recall) = (share(p, near: t, size), share(t, near: p, size))
            sum += precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0
            count += 1
        }
    }

    /// The pixels of each class that touch a pixel of another one, ignored ones left out on both sides.
    private func boundary(
        _ map: [UInt8], _ size: Pair, _ labels: [UInt8], _ ignored: UInt8
    ) -> [UInt8: [Int]] {
        var found: [UInt8: [Int]] = [:]
        for y in 0..<size.height {
            for x in 0..<size.width {
                let at = y * size.width + x
                if labels[at] == ignored { continue }
                func differs(_ other: Int) -> Bool { labels[other] != ignored && map[other] != map[at] }
                if x > 0 && differs(at - 1) || x + 1 < size.width && differs(at + 1)
                    || y > 0 && differs(at - size.width)
                    || y + 1 < size.height && differs(at + size.width)
                {
                    found[map[at], default: []].append(at)
                }
            }
        }
        return found
    }

    private func share(_ pixels: [Int], near others: [Int], _ size: Pair) -> Double {
        guard !pixels.isEmpty, !others.isEmpty else { return 0 }
        var isNear = [Bool](repeating: false, count: size.height * size.width)
        for other in others {
            let (y, x) = (other / size.width, other % size.width)
            for offset in disk {
                let (v, u) = (y + offset.y, x + offset.x)
                if v >= 0, v < size.height, u >= 0, u < size.width { isNear[v * size.width + u] = true }
            }
        }
        return Double(pixels.count { isNear[$0] }) / Double(pixels.count)
    }
}
