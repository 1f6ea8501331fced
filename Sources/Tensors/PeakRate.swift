import CKernels

/// Measures how many single-precision floating-point operations a second this program's vector code reaches on the
/// threads of the pool: two for each multiply-add.
package func measuredPeakRate(seconds: Double = 0.2, clock: () -> Double) -> Double {
    let threads = ThreadPool.current.threads
    let sinks = Storage<Float>(count: threads * 16)
    let sinkPointer = sinks.pointer
    func rate(rounds: Int) -> (rate: Double, seconds: Double) {
        let begin = clock()
        let perRound = Int(hb_multiply_add_rounds(0, sinkPointer))
        ThreadPool.current.run(chunks: threads) { i in _ = hb_multiply_add_rounds(rounds, sinkPointer + i * 16) }
        let time = max(clock() - begin, 1e-9)
        return (2 * Double(perRound) * Double(rounds) * Double(threads) / time, time)
    }
    var rounds = 100_000
    while rate(rounds: rounds).seconds < seconds / 8 { rounds *= 2 }
    return (0..<5).map { _ in rate(rounds: rounds).rate }.max() ?? 0
}
