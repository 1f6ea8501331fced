import CKernels

public protocol LossKernels {
    /// Per row: losses = sum of t (logSums - x), t = smoothing / columns and 1 - smoothing more at the label;
    /// logSums = log(sum(e^x)).
    static func crossEntropy(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<Int32>, smoothing: Double,
        _ losses: UnsafeMutablePointer<Self>, _ logSums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (e^(x - logSums) - t).
    static func crossEntropyGradient(
        _ x: UnsafePointer<Self>, _ labels: UnsafePointer<Int32>, smoothing: Double, _ logSums: UnsafePointer<Self>,
        scale: Self, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// As above for targets t, which need not sum to 1.
    static func crossEntropy(
        _ x: UnsafePointer<Self>, targets: UnsafePointer<Self>, _ losses: UnsafeMutablePointer<Self>,
        _ logSums: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (e^(x - logSums) sum(t) - t).
    static func crossEntropyGradient(
        _ x: UnsafePointer<Self>, targets: UnsafePointer<Self>, _ logSums: UnsafePointer<Self>, scale: Self,
        _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// Per row: losses = KL(softmax(f t) || softmax(f x)); the log-sums of f x and f t.
    static func divergence(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ f: Double, _ losses: UnsafeMutablePointer<Self>,
        _ logSumsX: UnsafeMutablePointer<Self>, _ logSumsT: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// dx = scale (softmax(f x) - softmax(f t)).
    static func divergenceGradient(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ f: Double, _ logSumsX: UnsafePointer<Self>,
        _ logSumsT: UnsafePointer<Self>, scale: Self, _ dx: UnsafeMutablePointer<Self>, _ rows: Int, _ columns: Int)
    /// The sum of (x - t)^2.
    static func squaredError(_ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, _ count: Int) -> Self
    /// dx = scale (x - t).
    static func scaledDifference(
        _ x: UnsafePointer<Self>, _ t: UnsafePointer<Self>, scale: Self, _ dx: UnsafeMutablePointer<Self>, _ count: Int)
}

extension Tensor {
    /// The mean of per-row losses that `body` writes for chunks of rows, times `factor`.
    func meanOfRows(
        factor: Double = 1, _ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<S>) -> Void
    ) -> Tensor {
        let (rows, columns) = (shape.rows, shape.columns)
        let losses = Storage<S>(count: rows)
        read { x in
            parallelFor(rows, grain: exponentialGrain(columns)) {
                body(x + $0.lowerBound * columns, $0, losses.pointer + $0.lowerBound)
            }
        }
        return Tensor([]) { out in
            S.sumColumns(losses.pointer, out, 1, rows)
            out[0] *= S(factor) / S(rows)
        }
    }

    /// A tensor of this one's shape that `body` writes for chunks of rows.
    func mapRows(_ body: (UnsafePointer<S>, Range<Int>, UnsafeMutablePointer<S>) -> Void) -> Tensor {
        let columns = shape.columns
        return Tensor(shape) { out in
            read { x in
                parallelFor(shape.rows, grain: exponentialGrain(columns)) {
                    body(x + $0.lowerBound * columns, $0, out + $0.lowerBound * columns)
                }
            }
        }
    }

    /// For self = logits [N, K]: the mean cross-entropy against labels, and log(sum(e^x)) of each row.
    public func crossEntropy(labels: [Int32], smoothing: Double) -> (loss: Tensor, logSums: Tensor) {
        let logSums = Storage<S>(count: shape.rows)
        let columns = shape.columns
        let loss = labels.withUnsafeBufferPointer { labels in
            meanOfRows { x, rows, losses in
                guard let labels = labels.baseAddress else { return }
                S.crossEntropy(
                    x, labels + rows.lowerBound, smoothing: smoothing, losses, logSums.pointer + rows.lowerBound,
                    rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [shape.rows]))
    }

    /// For self = logits: scale (softmax(x) - t) with the smoothed labels t.
    public func crossEntropyGradient(labels: [Int32], smoothing: Double, logSums: Tensor, scale: S) -> Tensor {
        let columns = shape.columns
        return labels.withUnsafeBufferPointer { labels in
            logSums.read { logSums in
                mapRows { x, rows, dx in
                    guard let labels = labels.baseAddress else { return }
                    S.crossEntropyGradient(
                        x, labels + rows.lowerBound, smoothing: smoothing, logSums + rows.lowerBound, scale: scale, dx,
                        rows.count, columns)
                }
            }
        }
    }

    /// For self = logits [N, K]: the mean cross-entropy against targets [N, K], and log(sum(e^x)) of each row.
    public func crossEntropy(targets: Tensor) -> (loss: Tensor, logSums: Tensor) {
        let logSums = Storage<S>(count: shape.rows)
        let columns = shape.columns
        let loss = targets.read { targets in
            meanOfRows { x, rows, losses in
                S.crossEntropy(
                    x, targets: targets + rows.lowerBound * columns, losses, logSums.pointer + rows.lowerBound,
                    rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [shape.rows]))
    }

    /// For self = logits: scale (softmax(x) sum(t) - t).
    public func crossEntropyGradient(targets: Tensor, logSums: Tensor, scale: S) -> Tensor {
        let columns = shape.columns
        return withElements(targets, logSums) { targets, logSums in
            mapRows { x, rows, dx in
                S.crossEntropyGradient(
                    x, targets: targets + rows.lowerBound * columns, logSums + rows.lowerBound, scale: scale, dx,
                    rows.count, columns)
            }
        }
    }

    /// For self = logits: T^2 times the mean KL divergence from softmax(x / T) to softmax(teacher / T), and the
    /// log-sums of both, [2, N].
    public func distillationDivergence(
        teacherLogits: Tensor, temperature: Double
    ) -> (loss: Tensor, logSums: Tensor) {
        let (count, columns) = (shape.rows, shape.columns)
        let logSums = Storage<S>(count: 2 * count)
        let loss = teacherLogits.read { teacher in
            meanOfRows(factor: temperature * temperature) { x, rows, losses in
                S.divergence(
                    x, teacher + rows.lowerBound * columns, 1 / temperature, losses, logSums.pointer + rows.lowerBound,
                    logSums.pointer + count + rows.lowerBound, rows.count, columns)
            }
        }
        return (loss, Tensor(storage: logSums, offset: 0, shape: [2, count]))
    }

    /// For self = logits: scale (softmax(x / T) - softmax(teacher / T)).
    public func distillationDivergenceGradient(
        teacherLogits: Tensor, temperature: Double, logSums: Tensor, scale: S
    ) -> Tensor {
        let (count, columns) = (shape.rows, shape.columns)
        return withElements(teacherLogits, logSums) { teacher, logSums in
            mapRows { x, rows, dx in
                S.divergenceGradient(
                    x, teacher + rows.lowerBound * columns, 1 / temperature, logSums + rows.lowerBound,
                    logSums + count + rows.lowerBound, scale: scale, dx, rows.count, columns)
            }
        }
    }

    /// The mean of (x - target)^2 over all elements.
    public func meanSquaredError(_ target: Tensor) -> Tensor {
        let chunks = max(1, (elementCount + elementGrain - 1) / elementGrain)
        let partials = Storage<S>(count: chunks)
        withElements(self, target) { x, t in
            parallelFor(elementCount, grain: elementGrain) {
                partials.pointer[$0.lowerBound / elementGrain] = S.squaredError(
                    x + $0.lowerBound, t + $0.lowerBound, $0.count)
            }
        }
        return Tensor([]) { out in
            S.sumColumns(partials.pointer, out, 1, chunks)
            out[0] /= S(elementCount)
        }
    }

    /// scale (x - target).
    public func scaledDifference(_ target: Tensor, scale: S) -> Tensor {
        Tensor(shape) { dx in
            withElements(self, target) { x, t in
                parallelFor(elementCount, grain: elementGrain) {
                    S.scaledDifference(
                        x + $0.lowerBound, t + $0.lowerBound, scale: scale, dx + $0.lowerBound, $0.count)
                }
            }
        }
    }
}
