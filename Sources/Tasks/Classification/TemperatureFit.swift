import Foundation

/// Looks for the temperature T at which softmax(logits / T) explains labels best.
///
/// The negative log-likelihood is convex in 1 / T, so that Newton's steps within a shrinking bracket find the one
/// minimum (temperature scaling: Guo et al., On Calibration of Modern Neural Networks, 2017, section 4.2). The order
/// of classes stays, and with it the accuracy.
package struct TemperatureFit: Sendable {
    /// T outside of this is no help: it would make all predictions alike or certain.
    package static let range = 0.05...20.0
    /// More numbers than this (half a gigabyte) are not kept.
    private static let mostValues = 1 << 27

    private let classes: Int
    /// Logits up to a constant for each image, [image][class].
    private var rows: [Float] = []
    private var labels: [Int] = []
    private var isFull = false

    package init(classes: Int) { self.classes = classes }

    /// Takes one image's logits, or their logarithmic softmax.
    package mutating func add(_ row: UnsafeBufferPointer<Float>, label: Int) {
        guard rows.count + classes <= Self.mostValues else {
            isFull = true
            return
        }
        rows += row
        labels.append(label)
    }

    /// The best T; nil without images, where there are too many, or where numbers are not finite.
    package var temperature: Double? {
        guard !labels.isEmpty, !isFull, rows.allSatisfy(\.isFinite) else { return nil }
        var (low, high) = (1 / Self.range.upperBound, 1 / Self.range.lowerBound)
        var inverse = 1.0
        for _ in 0..<60 {
            let (slope, curvature) = derivatives(inverse)
            if slope > 0 { high = inverse } else { low = inverse }
            // Far from the minimum, where all answers are right, say, Newton's steps are short.
            let isNear = high - low < 0.1 * inverse
            let step = isNear && curvature > 0 ? inverse - slope / curvature : .infinity
            let next = step > low && step < high ? step : (low + high) / 2
            let change = abs(next - inverse)
            inverse = next
            if change < 1e-9 * inverse { break }
        }
        return 1 / inverse
    }

    /// Of the mean negative log-likelihood, by 1 / T: the expected logit less the label's, and the logits' variance.
    private func derivatives(_ inverse: Double) -> (first: Double, second: Double) {
        var (first, second) = (0.0, 0.0)
        for (image, label) in labels.enumerated() {
            let start = image * classes
            var largest = -Double.infinity
            for c in start..<start + classes { largest = max(largest, Double(rows[c])) }
            var (sum, mean, square) = (0.0, 0.0, 0.0)
            for c in start..<start + classes {
                let value = Double(rows[c]) - largest
                let weight = exp(inverse * value)
                sum += weight
                mean += weight * value
                square += weight * value * value
            }
            mean /= sum
            first += mean - (Double(rows[start + label]) - largest)
            second += square / sum - mean * mean
        }
        return (first / Double(labels.count), second / Double(labels.count))
    }
}
