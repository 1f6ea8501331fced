import CKernels

/// What `Kernels/Dropout.swift` asks of an element type.
public protocol DropoutKernels {
    /// y[i] = scale x[i] where the key's word at `first + i` is at least `threshold`, 0 elsewhere; `first` is a
    /// multiple of 4.
    static func dropout(
        _ key: RandomKey, first: Int, threshold: UInt32, scale: Self, _ x: UnsafePointer<Self>,
        _ y: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: DropoutKernels {
    public static func dropout(
        _ key: RandomKey, first: Int, threshold: UInt32, scale: Float, _ x: UnsafePointer<Float>,
        _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) { hb_dropout(key.key, key.stream, key.first + UInt64(first / 4), threshold, scale, x, y, count) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: DropoutKernels {
    public static func dropout(
        _ key: RandomKey, first: Int, threshold: UInt32, scale: Double, _ x: UnsafePointer<Double>,
        _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) {
        for i in 0..<count {
            let word = key.block(UInt64((first + i) / 4))[(first + i) % 4]
            y[i] = word >= threshold ? scale * x[i] : 0
        }
    }
}

/// The share `rate` of all 32-bit words lies below it.
private func dropThreshold(_ rate: Double) -> UInt32 { UInt32(min(rate * 0x1p32, 0xffff_ffff)) }

extension Tensor {
    /// Each element with probability 1 - rate divided by 1 - rate, 0 otherwise; the choice is a pure function of key
    /// and position.
    package func dropout(rate: Double, key: RandomKey) -> Tensor {
        let threshold = dropThreshold(rate)
        return Tensor(shape) { y in
            read { x in
                parallelFor(elementCount, grain: elementGrain) {
                    S.dropout(
                        key, first: $0.lowerBound, threshold: threshold, scale: S(1 / (1 - rate)), x + $0.lowerBound,
                        y + $0.lowerBound, $0.count)
                }
            }
        }
    }

    /// One factor per sample: 1 / (1 - rate) with probability 1 - rate, 0 otherwise; a pure function of key and sample.
    package static func dropPathFactors(_ samples: Int, rate: Double, key: RandomKey) -> Tensor {
        let threshold = dropThreshold(rate)
        return Tensor([samples]) { factors in
            for n in 0..<samples { factors[n] = key.block(UInt64(n))[0] >= threshold ? S(1 / (1 - rate)) : 0 }
        }
    }

    /// Each sample (first axis) times its factor.
    package func scaledPerSample(_ factors: Tensor) -> Tensor {
        let size = elementCount / max(1, shape[0])
        return Tensor(shape) { y in
            withElements(self, factors) { x, factors in
                forEachSampleSegment(samples: shape[0], rows: size, columns: 1) { sample, segment in
                    S.scale(x + segment.lowerBound, factors[sample], y + segment.lowerBound, segment.count)
                }
            }
        }
    }
}

/// Calls `body` in parallel with (sample, range of rows over all samples), so that each call stays in one sample and
/// chunks have a fixed size.
func forEachSampleSegment(samples: Int, rows: Int, columns: Int, _ body: (Int, Range<Int>) -> Void) {
    parallelFor(samples * rows, grain: max(1, elementGrain / max(1, columns))) {
        splitSamples($0, rows: rows, body)
    }
}

/// Cuts a range of rows where samples of `rows` rows end.
func splitSamples(_ range: Range<Int>, rows: Int, _ body: (Int, Range<Int>) -> Void) {
    var start = range.lowerBound
    while start < range.upperBound {
        let sample = start / rows
        let end = min(range.upperBound, (sample + 1) * rows)
        body(sample, start..<end)
        start = end
    }
}
