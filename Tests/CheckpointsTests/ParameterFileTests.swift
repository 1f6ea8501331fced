import Checkpoints
import Layers
import Tensors
import Testing

@Suite struct ParameterFileTests {
    private func list(_ outputs: Int = 6) -> ParameterList {
        let scope = Scope()
        _ = Convolution(scope["stem"], inputs: 3, outputs: 4, kernel: 3)
        _ = BatchNorm(scope["norm"], channels: 4)
        _ = Linear(scope["head"], inputs: 4, outputs: outputs)
        return scope.list
    }

    private func bits(_ store: ParameterStore<Float>) -> [UInt32] {
        (0..<store.list.flatCount).map { store.flat.pointer[$0].bitPattern }
            + store.buffers.flatMap { $0.array.map(\.bitPattern) }
    }

    @Test func aStoreSavedAndReadHasTheSameBits() throws {
        try withFolder { folder in
            let store = ParameterStore<Float>(list(), seed: 1)
            store.setBuffer(0, Tensor([4], [1, 2, 3, 4]))
            try SafetensorsFile(store).write(path: folder + "/a.safetensors")
            let file = try SafetensorsFile.read(path: folder + "/a.safetensors")
            #expect(file.metadata == ["format": "pt"])
            #expect(file["stem.weight"]?.shape == [4, 3, 3, 3])
            #expect(file["norm.num_batches_tracked"]?.type == .int64)
            let other = ParameterStore<Float>(list(), seed: 2)
            #expect(bits(other) != bits(store))
            #expect(try other.load(file).isComplete)
            #expect(bits(other) == bits(store))
        }
    }

    @Test func whatDoesNotFitIsReportedAndLeftAsItWas() throws {
        let file = SafetensorsFile(ParameterStore<Float>(list(), seed: 1))
        let other = ParameterStore<Float>(list(7), seed: 2)
        let before = try #require(other.stateDictionary().first { $0.name == "head.weight" }).values
        let report = try other.load(file)
        #expect(
            report.mismatched == ["head.weight: found [6, 4], expected [7, 4]", "head.bias: found [6], expected [7]"])
        #expect(try #require(other.stateDictionary().first { $0.name == "head.weight" }).values == before)
        #expect(try other.load(file, skipping: ["head.weight", "head.bias"]).isComplete)
        let renamed = try other.load(file, rename: { $0 == "head.weight" ? "elsewhere" : $0 })
        #expect(!renamed.isComplete)
    }
}
