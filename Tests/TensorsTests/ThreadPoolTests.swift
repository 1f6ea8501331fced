import Tensors
import Testing

@Suite struct ThreadPoolTests {
    @Test func everyChunkRunsOnce() {
        var counts = [Int](repeating: 0, count: 1000)
        for round in 0..<200 {
            counts.withUnsafeMutableBufferPointer { counts in
                nonisolated(unsafe) let counts = counts
                ThreadPool.shared.run(chunks: 1000) { counts[$0] += 1 }
            }
            #expect(counts.allSatisfy { $0 == round + 1 }, "round \(round): every chunk must run exactly once")
        }
    }

    @Test func aCallInsideAChunkRunsInPlace() {
        let sums = Storage<Double>(count: 8)
        ThreadPool.shared.run(chunks: 8) { i in
            sums.pointer[i] = 0
            parallelFor(100, grain: 7) { for k in $0 { sums.pointer[i] += Double(k) } }
        }
        #expect((0..<8).allSatisfy { sums.pointer[$0] == 4950 }, "each chunk must see all of its inner chunks")
    }
}
