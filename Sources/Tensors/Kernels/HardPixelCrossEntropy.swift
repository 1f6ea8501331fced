import CKernels

/// What `Kernels/HardPixelCrossEntropy.swift` asks of an element type.
public protocol HardPixelKernels {
    /// out = e^(x[label] - logSums) of each row, 2 where the label is `ignored`. What is not a number becomes 0.
    static func labelProbabilities(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Self>,
        _ out: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// The element that would be at place k in rising order; may put x into another order.
    static func orderStatistic(_ x: UnsafeMutablePointer<Self>, _ count: Int, _ k: Int) -> Self
    /// The labels of rows of a probability below `threshold`, `ignored` for the others.
    static func keepLabels(
        _ labels: UnsafePointer<UInt8>, _ probabilities: UnsafePointer<Self>, below threshold: Double, ignored: UInt8,
        _ out: UnsafeMutablePointer<UInt8>, _ rows: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: HardPixelKernels {
    public static func labelProbabilities(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Float>,
        _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ columns: Int
    ) { hb_label_probabilities(x, labels, Int32(ignored), logSums, out, rows, columns) }

    public static func orderStatistic(_ x: UnsafeMutablePointer<Float>, _ count: Int, _ k: Int) -> Float {
        hb_order_statistic(x, count, k)
    }

    public static func keepLabels(
        _ labels: UnsafePointer<UInt8>, _ probabilities: UnsafePointer<Float>, below threshold: Double,
        ignored: UInt8, _ out: UnsafeMutablePointer<UInt8>, _ rows: Int
    ) {
        let threshold = Float(threshold)
        for r in 0..<rows { out[r] = probabilities[r] < threshold ? labels[r] : ignored }
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: HardPixelKernels {
    public static func labelProbabilities(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Double>,
        _ out: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        for r in 0..<rows {
            let p = labels[r] == ignored ? 2 : exponential(x[r * columns + Int(labels[r])] - logSums[r])
            out[r] = p.isNaN ? 0 : p
        }
    }

    public static func orderStatistic(_ x: UnsafeMutablePointer<Double>, _ count: Int, _ k: Int) -> Double {
        UnsafeBufferPointer(start: x, count: count).sorted()[k]
    }

    public static func keepLabels(
        _ labels: UnsafePointer<UInt8>, _ probabilities: UnsafePointer<Double>, below threshold: Double,
        ignored: UInt8, _ out: UnsafeMutablePointer<UInt8>, _ rows: Int
    ) { for r in 0..<rows { out[r] = probabilities[r] < threshold ? labels[r] : ignored } }
}

extension Tensor {
    /// For self = logits [.., K]: the labels of hard rows, `ignored` for all others. Hard are those whose probability of
    /// their label is below the larger of `threshold` and the probability at place `least` in rising order (the last
    /// where there are fewer).
    package func hardLabels(
        _ labels: [UInt8], ignored: UInt8, logSums: Tensor, threshold: Double, least: Int
    ) -> [UInt8] {
        let rows = shape.rows
        let counted = labels.reduce(0) { $0 + ($1 == ignored ? 0 : 1) }
        guard counted > 0 else { return labels }
        return labels.withUnsafeBufferPointer { labels in
            guard let labels = labels.baseAddress else { return [] }
            let probabilities = logSums.read { logSums in
                mapPixels([rows]) { x, range, out in
                    S.labelProbabilities(
                        x, labels + range.lowerBound, ignored: ignored, logSums + range.lowerBound, out, range.count,
                        shape.columns)
                }
            }
            return probabilities.read { probabilities in
                let room = Storage<S>(count: rows)
                room.pointer.update(from: probabilities, count: rows)
                let smallest = S.orderStatistic(room.pointer, rows, min(least, counted - 1))
                return [UInt8](unsafeUninitializedCapacity: rows) { buffer, count in
                    if let out = buffer.baseAddress {
                        S.keepLabels(
                            labels, probabilities, below: max(Double(smallest), threshold), ignored: ignored, out, rows)
                    }
                    count = rows
                }
            }
        }
    }
}
