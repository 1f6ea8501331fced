import Tensors
import Testing

/// The pool belongs to the whole process, so most of this is measured in processes of their own.
@Suite struct StoragePoolTests {
    @Test func memoryIsAlignedForVectors() {
        for count in [0, 1, 3, 16, 17, 100, 1000, 4097, 100_000] {
            #expect(UInt(bitPattern: Storage<Float>(count: count).pointer) % 64 == 0, "\(count) floats")
            #expect(UInt(bitPattern: Storage<Double>(count: count).pointer) % 64 == 0, "\(count) doubles")
        }
    }

    @Test func memoryThatComesBackIsUsedAgain() async {
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            func round() {
                var tensors: [Tensor<Float>] = []
                for size in [1, 10, 1000, 1000, 5000, 100_000] { tensors.append(.zeros([size])) }
            }
            round()
            let first = pool.statistics
            for _ in 0..<10 { round() }
            #expect(pool.statistics.systemAllocations == first.systemAllocations, "the first round's memory must do")
            #expect(pool.statistics.bytesHeld == first.bytesHeld)
            var storage: Storage<Float>? = Storage(count: 777)
            let place = storage?.pointer
            storage = nil
            storage = Storage(count: 777)
            #expect(storage?.pointer == place)
        }
    }

    /// Large blocks are cut from one piece of memory.
    @Test func largeBlocksOfAnySizeLiveInTheMemoryOfOthers() async {
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            let size = 1 << 18
            func round(_ counts: [Int]) {
                let blocks = counts.map { Storage<Float>(count: $0) }
                withExtendedLifetime(blocks) {}
            }
            round([size, size, size, size])
            let first = pool.statistics
            round([4 * size])
            round([3 * size + 7, size / 2, 100_000])
            round([size / 3, size / 2, 2 * size, size])
            #expect(pool.statistics.bytesHeld == first.bytesHeld)
            #expect(pool.statistics.systemAllocations == first.systemAllocations)
            round([5 * size])
            #expect(pool.statistics.bytesHeld == first.bytesHeld + 1 << 20, "what is missing, and no more")
        }
    }

    @Test func blocksDoNotOverlap() async {
        await #expect(processExitsWith: .success) {
            var random = Random(seed: 1, purpose: "blocks")
            var blocks: [(storage: Storage<Double>, mark: Double)] = []
            for round in 0..<2000 {
                if blocks.count > 30 || blocks.count > 5 && random.integer(below: 2) == 0 {
                    let (storage, mark) = blocks.remove(at: random.integer(below: blocks.count))
                    let values = UnsafeBufferPointer(start: storage.pointer, count: storage.count)
                    #expect(values.allSatisfy { $0 == mark })
                } else {
                    let storage = Storage<Double>(count: 1 + random.integer(below: 60_000))
                    storage.pointer.initialize(repeating: Double(round), count: storage.count)
                    blocks.append((storage, Double(round)))
                }
            }
        }
    }

    @Test func sizesThatNearlyAgreeShareBlocks() async {
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            _ = Storage<Float>(count: 1000)
            let before = pool.statistics.systemAllocations
            _ = Storage<Float>(count: 990)
            #expect(pool.statistics.systemAllocations == before)
            _ = Storage<Double>(count: 500)
            #expect(pool.statistics.systemAllocations == before, "4000 bytes are 4000 bytes")
            _ = Storage<Float>(count: 2000)
            #expect(pool.statistics.systemAllocations == before + 1)
        }
    }

    @Test func statisticsFollowWhatIsInUse() async {
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            let before = pool.statistics
            var tensor: Tensor<Float>? = .zeros([10_000])
            let other = Tensor<Double>.zeros([300])
            let during = pool.statistics
            #expect(during.liveBlocks == before.liveBlocks + 2)
            let bytes = during.bytesInUse - before.bytesInUse
            #expect(bytes >= 42_400 && bytes <= 42_400 * 9 / 8, "at most an eighth may be wasted")
            #expect(during.systemAllocations == before.systemAllocations + 2)
            #expect(during.bytesHeld == before.bytesHeld + bytes)
            #expect(during.peakBytesInUse >= during.bytesInUse)

            let window = tensor?.reshaped([100, 100])
            tensor = nil
            #expect(pool.statistics.liveBlocks == before.liveBlocks + 2, "a window keeps the storage")
            withExtendedLifetime((window, other)) {}
        }
        await #expect(processExitsWith: .success) {
            let pool = StoragePool.shared
            do {
                let large = Storage<Float>(count: 1 << 20)
                #expect(pool.statistics.bytesInUse >= 4 << 20)
                withExtendedLifetime(large) {}
            }
            #expect(pool.statistics.bytesInUse == 0 && pool.statistics.liveBlocks == 0)
            #expect(pool.statistics.peakBytesInUse >= 4 << 20, "the peak stays")
            #expect(pool.statistics.bytesHeld >= 4 << 20, "the memory waits")
            pool.resetPeak()
            #expect(pool.statistics.peakBytesInUse == 0)
        }
    }
}
