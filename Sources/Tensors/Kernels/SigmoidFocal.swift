import CKernels

/// A focal loss of yes-or-no questions.
package struct FocalRule: Sendable {
    /// The weight of questions to be answered with yes; that of others is 1 less it. Both are 1 where it is nil.
    package let alpha: Double?
    /// The power of the wrong answer's probability.
    package let gamma: Double

    package init(alpha: Double?, gamma: Double) { (self.alpha, self.gamma) = (alpha, gamma) }
}

/// What `Kernels/SigmoidFocal.swift` asks of an element type.
public protocol SigmoidFocalKernels {
    /// The sum of the rows' losses, and, where wanted, the derivative by each element, which may take the element's place.
    static func sigmoidFocal(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<Int32>, alpha: Double?, gamma: Double,
        _ dx: UnsafeMutablePointer<Self>?, _ sum: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: SigmoidFocalKernels {
    public static func sigmoidFocal(
        _ x: UnsafePointer<Float>, _ labels: UnsafePointer<Int32>, alpha: Double?, gamma: Double,
        _ dx: UnsafeMutablePointer<Float>?, _ sum: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        hb_sigmoid_focal(
            x, labels, alpha == nil ? 0 : 1, Float(alpha ?? 0), Float(gamma), dx, sum, rows, columns)
    }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: SigmoidFocalKernels {
    public static func sigmoidFocal(
        _ x: UnsafePointer<Double>, _ labels: UnsafePointer<Int32>, alpha: Double?, gamma: Double,
        _ dx: UnsafeMutablePointer<Double>?, _ sum: UnsafeMutablePointer<Double>, _ rows: Int, _ columns: Int
    ) {
        sum[0] = 0
        for i in 0..<rows * columns {
            let (label, logit) = (labels[i / columns], x[i])
            dx?[i] = 0
            if label == -2 { continue }
            let isTrue = Int(label) == i % columns
            let v = isTrue ? -logit : logit
            let weight = alpha.map { isTrue ? $0 : 1 - $0 } ?? 1
            let entropy = max(v, 0) + softRest(v)
            // log q, q = sigmoid(v) the probability of the wrong answer.
            let logQ = min(v, 0) - softRest(v)
            let (q, power) = (exponential(logQ), exponential(gamma * logQ))
            sum[0] += weight * power * entropy
            let slope = weight * power * (gamma * (1 - q) * entropy + q)
            dx?[i] = isTrue ? -slope : slope
        }
    }

    /// log(1 + e^-|v|).
    private static func softRest(_ v: Double) -> Double { logarithm1p(exponential(-abs(v))) }
}

extension Tensor {
    /// For self = logits [R, K]: the sum of all losses.
    /// - Parameter shares: what the rows count, in as many parts of one size.
    package func sigmoidFocal(labels: [Int32], _ rule: FocalRule, shares: [Double] = [1]) -> Tensor {
        focalSum(labels, rule, shares, slopes: nil)
    }

    /// The same, and puts the derivatives in the place of the logits, in this tensor's own memory when nobody else can see it.
    package mutating func becomeSigmoidFocalSlopes(
        labels: [Int32], _ rule: FocalRule, shares: [Double] = [1]
    ) -> Tensor {
        let slopes =
            isKnownUniquelyReferenced(&storage)
            ? self : Tensor(storage: Storage(count: elementCount), offset: 0, shape: shape)
        let loss = focalSum(labels, rule, shares, slopes: slopes.storage.pointer + slopes.offset)
        self = slopes
        return loss
    }

    private func focalSum(
        _ labels: [Int32], _ rule: FocalRule, _ shares: [Double], slopes dx: UnsafeMutablePointer<S>?
    ) -> Tensor {
        let columns = shape.columns
        let each = shape.rows / max(1, shares.count)
        var sum = 0.0
        labels.withUnsafeBufferPointer { labels in
            guard let labels = labels.baseAddress else { return }
            for (number, share) in shares.enumerated() {
                let first = number * each
                let part = Tensor(storage: storage, offset: offset + first * columns, shape: [each, columns])
                sum +=
                    share
                    * part.summedChunks(1) { x, rows, sums in
                        let row = first + rows.lowerBound
                        let slopes = dx.map { $0 + row * columns }
                        S.sigmoidFocal(
                            x, labels + row, alpha: rule.alpha, gamma: rule.gamma, slopes, sums, rows.count, columns)
                        if let slopes, share != 1 {
                            for i in 0..<rows.count * columns { slopes[i] *= S(share) }
                        }
                    }[0]
            }
        }
        return Tensor(S(sum))
    }
}
