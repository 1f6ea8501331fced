import CKernels

/// What `Kernels/SoftDice.swift` asks of an element type.
public protocol SoftDiceKernels {
    /// Over the rows that count, with p = softmax(x): sums[c] = the sum of p[c], sums[columns + c] = that over the rows of
    /// label c, sums[2 columns + c] = their number. logSums = log(sum(e^x)) of each row.
    static func softDiceSums(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8,
        _ logSums: UnsafeMutablePointer<Self>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int)
    /// dx of a function whose gradient by p[c] is all[c] in every row that counts, and own[c] more in those of label c.
    static func softDiceGradient(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Self>,
        all: UnsafePointer<Self>, own: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>, _ rows: Int,
        _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SoftDiceKernels {
    public static func softDiceSums(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8,
        _ logSums: UnsafeMutablePointer<Float>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) { hb_soft_dice_sums(x, labels, Int32(ignored), logSums, sums, rows, columns) }

    public static func softDiceGradient(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Float>,
        all: UnsafePointer<Float>, own: UnsafePointer<Float>, _ dx: UnsafeMutablePointer<Float>, _ rows: Int,
        _ columns: Int
    ) { hb_soft_dice_gradient(x, labels, Int32(ignored), logSums, all, own, dx, rows, columns) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SoftDiceKernels {
    public static func softDiceSums(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8,
        _ logSums: UnsafeMutablePointer<Double>, _ sums: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        clear(sums, 3 * columns)
        for r in 0..<rows {
            let row = x + r * columns
            logSums[r] = logSumExp(row, columns)
            guard labels[r] != ignored else { continue }
            for c in 0..<columns { sums[c] += exponential(row[c] - logSums[r]) }
            let label = Int(labels[r])
            sums[columns + label] += exponential(row[label] - logSums[r])
            sums[2 * columns + label] += 1
        }
    }

    public static func softDiceGradient(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<UInt8>, ignored: UInt8, _ logSums: UnsafePointer<Double>,
        all: UnsafePointer<Double>, own: UnsafePointer<Double>, _ dx: UnsafeMutablePointer<Double>, _ rows: Int,
        _ columns: Int
    ) {
        for r in 0..<rows {
            let (row, to) = (x + r * columns, dx + r * columns)
            clear(to, columns)
            guard labels[r] != ignored else { continue }
            func slope(_ c: Int) -> Double { all[c] + (c == Int(labels[r]) ? own[c] : 0) }
            var inner = 0.0
            for c in 0..<columns { inner += exponential(row[c] - logSums[r]) * slope(c) }
            for c in 0..<columns { to[c] = exponential(row[c] - logSums[r]) * (slope(c) - inner) }
        }
    }
}

/// What the gradient of a soft Dice loss needs.
package struct SoftDiceSlopes<S: Scalar>: Sendable {
    let logSums: Tensor<S>
    /// The gradient by the probability of each class, and what the rows of its label have besides.
    let all: [Double]
    let own: [Double]
}

extension Tensor {
    /// For self = logits [.., K]: the mean over `classes` of 1 - (2 sum(p t) + e) / (sum(p) + sum(t) + e), p = softmax(x)
    /// and t the labels, sums over all rows that count; 0 where none does.
    package func softDice(
        labels: [UInt8], ignored: UInt8, smoothing: Double, classes: [Int]
    ) -> (loss: Tensor, slopes: SoftDiceSlopes<S>) {
        let columns = shape.columns
        let logSums = Storage<S>(count: shape.rows)
        let sums = labels.withUnsafeBufferPointer { labels in
            summedChunks(3 * columns) { x, rows, sums in
                guard let labels = labels.baseAddress else { return }
                S.softDiceSums(
                    x, labels + rows.lowerBound, ignored: ignored, logSums.pointer + rows.lowerBound, sums,
                    rows.count, columns)
            }
        }
        var loss = 0.0
        var (all, own) = ([Double](repeating: 0, count: columns), [Double](repeating: 0, count: columns))
        if sums[(2 * columns)...].contains(where: { $0 > 0 }) {
            for c in classes {
                let above = 2 * sums[columns + c] + smoothing
                let below = sums[c] + sums[2 * columns + c] + smoothing
                guard below > 0 else { continue }
                loss += (1 - above / below) / Double(classes.count)
                all[c] = above / (below * below) / Double(classes.count)
                own[c] = -2 / below / Double(classes.count)
            }
        }
        let kept = Tensor(storage: logSums, offset: 0, shape: [shape.rows])
        return (Tensor(S(loss)), SoftDiceSlopes(logSums: kept, all: all, own: own))
    }

    /// For self = logits: scale times the gradient.
    package func softDiceGradient(
        labels: [UInt8], ignored: UInt8, _ slopes: SoftDiceSlopes<S>, scale: Double
    ) -> Tensor {
        let all = Tensor([shape.columns], slopes.all.map { S($0 * scale) })
        let own = Tensor([shape.columns], slopes.own.map { S($0 * scale) })
        return labels.withUnsafeBufferPointer { labels in
            withElements(slopes.logSums, all, own) { logSums, all, own in
                mapPixels(shape) { x, rows, dx in
                    guard let labels = labels.baseAddress else { return }
                    S.softDiceGradient(
                        x, labels + rows.lowerBound, ignored: ignored, logSums + rows.lowerBound, all: all, own: own,
                        dx, rows.count, shape.columns)
                }
            }
        }
    }
}
