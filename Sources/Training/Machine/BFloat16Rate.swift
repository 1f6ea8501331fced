import Reporting
import Tensors

/// Whether products in bfloat16 are worth asking for here. Some processors multiply pairs of bfloat16 twice as fast as single
/// numbers, others half as fast.
package enum BFloat16Rate {
    /// What to tell whoever asks for bfloat16 by the name of a key or an option; nil where it is the faster way.
    package static func notice(_ key: String) -> String? {
        guard ProductPrecision.hasBFloat16 else {
            return "This processor has no bfloat16 products (AVX512-BF16), so \(key) is fp32 here."
        }
        return notice(key, pairs: measured.pairs, single: measured.single)
    }

    /// The same for two rates in floating-point operations a second; those within a tenth of each other count as equal.
    package static func notice(_ key: String, pairs: Double, single: Double) -> String? {
        guard pairs < 0.9 * single else { return nil }
        func billions(_ rate: Double) -> String { NumberText.fixed(rate / 1e9, decimals: 0) }
        return
            "This processor reaches \(billions(pairs)) GFLOP/s in bfloat16 and \(billions(single)) in single precision, so "
            + "\(key) is slower than fp32 here."
    }

    /// Of the threads that are set when it is asked for first; takes a twentieth of a second.
    private static let measured: (pairs: Double, single: Double) = (
        measuredPeakRate(of: .bfloat16, seconds: 0.02, clock: MonotonicClock.seconds),
        measuredPeakRate(seconds: 0.02, clock: MonotonicClock.seconds)
    )
}
