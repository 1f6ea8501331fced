import Autograd
import Distillation
import Layers
import Tensors
import Testing

@Suite struct FeatureTests {
    private let student = [
        tap("stage1", stride: 2, channels: 8, 16), tap("stage2", stride: 4, channels: 16, 8),
        tap("stage3", stride: 8, channels: 32, 4),
    ]

    @Test func tapsArePairedByStride() throws {
        let teacher = [
            tap("stem", stride: 4, channels: 12, 8), tap("first", stride: 4, channels: 16, 8),
            tap("second", stride: 8, channels: 64, 4), tap("third", stride: 16, channels: 128, 2),
        ]
        let pairing = try FeaturePairing(student: student, teacher: teacher)
        #expect(pairing.pairs.map(\.studentIndex) == [1, 2])
        #expect(pairing.pairs.map(\.teacher.name) == ["first", "second"])
    }

    @Test func necksArePairedWithNecksAlone() throws {
        func pyramid(_ levels: ClosedRange<Int>, pooled: Int? = nil) -> [FeatureTap] {
            levels.map { level in
                tap("neck.P\(level)\(level == pooled ? "pool" : "")", stride: 1 << level, channels: 16, 128 >> level)
            }
        }
        let backbone = [tap("stage0", stride: 4, channels: 8, 32), tap("stage1", stride: 8, channels: 16, 16)]
        let one = backbone + pyramid(3...7)
        let two = backbone + pyramid(2...6, pooled: 6)
        // A level of every second pixel is a target for a convolved one, but two of them tell nothing new.
        #expect(
            try FeaturePairing(student: one, teacher: two).pairs.map(\.student.name)
                == ["P3", "P4", "P5", "P6"].map { "neck." + $0 })
        #expect(try FeaturePairing(student: two, teacher: two).pairs.map(\.teacherIndex) == [2, 3, 4, 5])
        // Without a neck on one side, the last map of each stride as before.
        #expect(try FeaturePairing(student: one, teacher: backbone).pairs.map(\.studentIndex) == [0, 2])
        // Levels were once counted.
        let old = try FeaturePairing(student: one, teacher: two, named: [.init(student: "neck1", teacher: "neck.P2")])
        #expect(old.pairs.map(\.student.name) == ["neck.P4"])
        let error = #expect(throws: DistillationError.self) {
            _ = try FeaturePairing(student: one, teacher: two, named: [.init(student: "neck.P9", teacher: "neck.P2")])
        }
        #expect(error?.description.contains("has no tap `neck.P9`, did you mean") == true)
    }

    @Test func namesReplaceStrides() throws {
        let teacher = [tap("a", stride: 32, channels: 8, 1), tap("b", stride: 64, channels: 8, 1)]
        let pairing = try FeaturePairing(
            student: student, teacher: teacher, named: [.init(student: "stage3", teacher: "b")])
        #expect(pairing.pairs.map(\.teacherIndex) == [1])
        func message(_ names: [FeaturePairing.Names]?) -> String {
            let error = #expect(throws: DistillationError.self) {
                _ = try FeaturePairing(student: student, teacher: teacher, named: names)
            }
            return error?.description ?? ""
        }
        #expect(
            message(nil)
                == "The student's taps (stage1 at 2, stage2 at 4, stage3 at 8) and the teacher's (a at 32, b at 64) have "
                + "no stride in common, expected `pairs` that name them.")
        #expect(
            message([.init(student: "stage4", teacher: "a")])
                == "The student has no tap `stage4`, did you mean `stage1`?")
        #expect(message([.init(student: "stage1", teacher: "zzz")]).hasSuffix("expected one of `a`, `b`."))
        #expect(
            message([.init(student: "stage1", teacher: "a"), .init(student: "stage1", teacher: "b")]).contains("twice"))
    }

    private func adapter(_ student: FeatureTap, _ teacher: FeatureTap) -> (FeatureAdapter, ParameterStore<Double>) {
        let scope = Scope()
        let pair = FeaturePair(studentIndex: 0, teacherIndex: 0, student: student, teacher: teacher)
        let adapter = FeatureAdapter(scope["adapters.0"], pair)
        let store = ParameterStore<Double>(scope.list, seed: 1)
        store.redraw(seed: 2)
        return (adapter, store)
    }

    @Test(arguments: [
        (8, 4, 8, 4, "identity"), (8, 4, 12, 4, "1x1 convolution 8 -> 12"), (8, 4, 8, 8, "bilinear to 8x8"),
        (8, 8, 12, 4, "averaged to 4x4, 1x1 convolution 8 -> 12"),
        (8, 4, 12, 8, "1x1 convolution 8 -> 12, bilinear to 8x8"),
    ])
    func adapterFollowsTheShapes(channels: Int, size: Int, target: Int, targetSize: Int, text: String) throws {
        let (adapter, store) = adapter(
            tap("s", stride: 4, channels: channels, size), tap("t", stride: 4, channels: target, targetSize))
        let full =
            "s [\(size)x\(size)x\(channels), stride 4] -> t [\(targetSize)x\(targetSize)x\(target), stride 4]: \(text)"
        #expect(adapter.description == full)
        #expect(adapter.parameterCount == (channels == target ? 0 : target * (channels + 1)))
        #expect(store.list.parameterCount == adapter.parameterCount)
        let x = normal([2, size, size, channels], "x")
        let y = adapter(Variable(x), .evaluation(store))
        #expect(y.shape == [2, targetSize, targetSize, target])
        #expect(
            try adapter.trace([1, size, size, channels], ModelTrace(model: "")) == [1, targetSize, targetSize, target])
        #expect(throws: ModelError.self) { try adapter.trace([1, size, size + 1, channels], ModelTrace(model: "")) }
    }

    @Test func convolutionCommutesWithResizing() {
        let (adapter, store) = adapter(tap("s", stride: 4, channels: 3, 4), tap("t", stride: 4, channels: 5, 7))
        let x = normal([2, 4, 4, 3], "x")
        let convolution = adapter.convolution
        let found = adapter(Variable(x), .evaluation(store)).value
        let large = x.resized(height: 7, width: 7, .bilinear(alignCorners: false))
        let wanted = convolution.map { $0(Variable(large), .evaluation(store)).value } ?? large
        for (a, b) in zip(found.array, wanted.array) { #expect(isClose(a, b, 1e-12)) }
    }

    @Test func averagingTakesTheMeanOfEachRegion() {
        // Rows 0-1 and 1-2 of three, as adaptive pooling overlaps them; pairs of columns.
        let (adapter, store) = adapter(
            tap("s", stride: 4, channels: 1, 4),
            FeatureTap(name: "t", stride: 4, channels: 1, height: 2, width: 2))
        let x = Tensor<Double>([1, 4, 4, 1], (0..<16).map(Double.init))
        #expect(adapter(Variable(x), .evaluation(store)).value.array == [2.5, 4.5, 10.5, 12.5])
        let (uneven, other) = self.adapter(
            FeatureTap(name: "s", stride: 4, channels: 1, height: 3, width: 4),
            FeatureTap(name: "t", stride: 4, channels: 1, height: 2, width: 2))
        let y = Tensor<Double>([1, 3, 4, 1], (0..<12).map(Double.init))
        let found = uneven(Variable(y), .evaluation(other)).value.array
        for (a, b) in zip(found, [2.5, 4.5, 6.5, 8.5]) { #expect(isClose(a, b, 1e-12)) }
    }
}
