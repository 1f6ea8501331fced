import Foundation
import JSON
import Tensors
import Testing

/// What a system with little memory or few threads does, in processes of their own.
@Suite struct SystemLimitTests {
    @Test func memoryThatIsNotThereEndsInASentence() async {
        let result = await #expect(processExitsWith: .exitCode(1), observing: [\.standardErrorContent]) {
            _ = Storage<Float>(count: 1 << 58)
        }
        let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
        #expect(text.contains("error: there is not enough memory: "), "\(text)")
        #expect(!text.contains("Fatal"))
        await #expect(processExitsWith: .exitCode(1)) { _ = Storage<Double>(count: .max) }
        await #expect(processExitsWith: .exitCode(1)) { _ = SystemMemory.take(Float.self, 1 << 40, 1 << 40) }
    }

    @Test func memoryComesAlignedAndGoesBack() {
        for size in [0, 1, 100, 5000] {
            let pointer = SystemMemory.take(size, alignment: 4096)
            #expect(UInt(bitPattern: pointer) % 4096 == 0)
            SystemMemory.release(pointer)
        }
    }

    @Test func aThreadThatIsNotGrantedIsSaid() async {
        await #expect(processExitsWith: .success) {
            #if os(Linux)
                var limit = rlimit(rlim_cur: 1, rlim_max: 1)
                try #require(setrlimit(__rlimit_resource_t(6), &limit) == 0)  // RLIMIT_NPROC
                if getuid() == 0 { try #require(setuid(65_534) == 0) }
                #expect(!SystemThread.start {})
                let pool = ThreadPool(threads: 8)
                #expect(pool.threads == 1, "what the system grants")
                let sums = Storage<Double>(count: 100)
                pool.run(chunks: 100) { sums.pointer[$0] = Double($0) }
                #expect((0..<100).allSatisfy { sums.pointer[$0] == Double($0) })
            #endif
        }
    }

    @Test func aThreadThatIsGrantedRuns() {
        let done = DispatchSemaphore(value: 0)
        #expect(SystemThread.start(stackSize: 1 << 20) { done.signal() })
        #expect(done.wait(timeout: .now() + 60) == .success)
    }

    @Test func countsHaveBounds() {
        #expect(JSONValue.integer(1 << 53).countValue == 1 << 53)
        for value in [-1, (1 << 53) + 1, Int.max, .min] { #expect(JSONValue.integer(value).countValue == nil) }
        #expect(JSONValue.number(3).countValue == nil)
    }
}
