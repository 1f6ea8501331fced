import Autograd
import Tensors
import Testing

/// All tests share one storage pool, so what a step holds is measured in a process of its own.
@Suite struct TapeMemoryTests {
    @Test func noTensorOutlivesAStep() async {
        await #expect(processExitsWith: .success) {
            func step(_ parameter: Tensor<Float>) -> Float {
                let tape = Tape<Float>()
                let w = tape.leaf(parameter)
                let x = Variable(Tensor<Float>([4, 8], repeating: 0.5))
                let parts = x.linear(w).gelu().split(channels: [2, 4])
                let loss = (parts[0].sum() * parts[1].softmax().squared().mean())
                tape.backward(from: loss)
                return tape.gradient(of: w)?.array.reduce(0, +) ?? .nan
            }
            let parameter = Tensor<Float>([6, 8], repeating: 0.1)
            let before = StoragePool.shared.statistics
            let first = step(parameter)
            let after = StoragePool.shared.statistics
            #expect(after.liveBlocks == before.liveBlocks)
            #expect(after.bytesInUse == before.bytesInUse)
            #expect(step(parameter) == first)
            #expect(
                StoragePool.shared.statistics.systemAllocations == after.systemAllocations,
                "the second step must live on the first one's memory")
        }
    }

    @Test func savedTensorsAndGradientsAreReleasedAsTheWalkGoesOn() async {
        await #expect(processExitsWith: .success) {
            let (size, length) = (1 << 18, 40)
            let block = size * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([size], repeating: 0.5))
            var y = x
            for _ in 0..<length { y = y.gelu() }
            let loss = y.sum()
            y = Variable(Tensor(0))
            let pool = StoragePool.shared
            let held = pool.statistics.bytesInUse
            #expect(held >= length * block && held < (length + 2) * block, "each gelu keeps its operand")
            pool.resetPeak()
            tape.backward(from: loss)
            let (peak, left) = (pool.statistics.peakBytesInUse, pool.statistics.bytesInUse)
            // At any time at most an incoming and an outgoing gradient live beside what is still saved.
            #expect(peak <= held + 5 * block / 2, "\(Double(peak - held) / Double(block)) blocks more than before")
            #expect(left <= 5 * block / 2, "\(Double(left) / Double(block)) blocks are left: the leaf and its gradient")
        }
    }

    /// What a gradient needs of them is computed again.
    @Test func normsAndTheReluBehindThemAreNotKept() async {
        await #expect(processExitsWith: .success) {
            let (side, channels, length) = (32, 64, 8)
            let block = side * side * channels * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let one = Variable(Tensor<Float>([channels], repeating: 1))
            let weight = tape.leaf(Tensor([channels, channels], repeating: 0.01))
            let (gain, bias) = (tape.leaf(one.value), tape.leaf(Tensor([channels], repeating: 0.1)))
            var x = tape.leaf(Tensor([1, side, side, channels], (0..<side * side * channels).map { Float($0 % 7) }))
            let pool = StoragePool.shared
            let before = pool.statistics.bytesInUse
            for layer in 0..<length {
                let y = x.linear(weight)
                switch layer % 4 {
                case 0: x = y.batchNormalized(gain, bias).output.relu()
                case 1: x = y.groupNorm(groups: 4, scale: gain, shift: bias).relu()
                case 2: x = y.batchNormalizedRelu(gain, bias).output
                default: x = x.addingResidual(y.batchNormalized(gain, bias).output).relu()
                }
            }
            let loss = x.sum()
            x = one
            let held = pool.statistics.bytesInUse - before
            #expect(held >= length * block && held < (length + 1) * block, "\(Double(held) / Double(block)) maps")
            tape.backward(from: loss)
            #expect(tape.gradient(of: weight)?.isFinite == true)
        }
    }

    @Test func reluKeepsItsResultAlone() async {
        await #expect(processExitsWith: .success) {
            let (size, length) = (1 << 18, 20)
            let block = size * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([size], repeating: 0.5))
            var y = x
            for _ in 0..<length { y = y.scaled(by: 2).relu() }
            let loss = y.sum()
            y = Variable(Tensor(0))
            let pool = StoragePool.shared
            let held = pool.statistics.bytesInUse
            #expect(held >= length * block && held < (length + 2) * block)
            pool.resetPeak()
            tape.backward(from: loss)
            #expect(pool.statistics.peakBytesInUse <= held + 5 * block / 2)
        }
    }

    @Test func gradientsOfAChainDoNotPileUp() async {
        await #expect(processExitsWith: .success) {
            let (size, length) = (1 << 18, 40)
            let block = size * MemoryLayout<Float>.stride
            let tape = Tape<Float>()
            let x = tape.leaf(Tensor([size], repeating: 0.5))
            var y = x
            for _ in 0..<length { y = y.scaled(by: 0.5) }
            let loss = y.sum()
            y = Variable(Tensor(0))
            let pool = StoragePool.shared
            let held = pool.statistics.bytesInUse
            #expect(held < 2 * block, "a scaled tensor keeps nothing")
            pool.resetPeak()
            tape.backward(from: loss)
            #expect(pool.statistics.peakBytesInUse <= held + 5 * block / 2)
        }
    }
}
