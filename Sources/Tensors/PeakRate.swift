import CKernels

/// Measures how many floating-point operations a second this program's vector code reaches on the threads of the pool: two
/// for each multiply-add. 0 for a precision whose products the processor does not have.
package func measuredPeakRate(
    of precision: ProductPrecision = .full, seconds: Double = 0.2, clock: () -> Double
) -> Double {
    let run = precision == .bfloat16 ? hb_pair_multiply_add_rounds : hb_multiply_add_rounds
    let threads = ThreadPool.current.threads
    let sinks = Storage<Float>(count: threads * 16)
    let sinkPointer = sinks.pointer
    let perRound = run(0, sinkPointer)
    guard perRound > 0 else { return 0 }
    func rate(rounds: Int) -> (rate: Double, seconds: Double) {
        let begin = clock()
        ThreadPool.current.run(chunks: threads) { i in _ = run(rounds, sinkPointer + i * 16) }
        let time = max(clock() - begin, 1e-9)
        return (2 * Double(perRound) * Double(rounds) * Double(threads) / time, time)
    }
    var rounds = 10_000
    while rate(rounds: rounds).seconds < seconds / 8 { rounds *= 2 }
    return (0..<5).map { _ in rate(rounds: rounds).rate }.max() ?? 0
}
