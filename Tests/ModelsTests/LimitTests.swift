import Configuration
import Foundation
import Layers
import Models
import Testing

/// One place says how large a model may be, whether a configuration asks for it or a file's metadata.
@Suite struct LimitTests {
    private static let convnext = ConvNeXtSpecification(widths: [8], depths: [1])
    private static let cvt = CvTSpecification(
        widths: [8], heads: [1], depths: [1], embedKernels: [3], embedStrides: [2])
    private static let hornet = HorNetSpecification(
        baseWidth: 8, depths: [1], orders: [1], mixers: [.globalFilter(rows: 4, columns: 3)])
    private static let resnet = ResNetSpecification(baseWidth: 8, depths: [1])
    private static let swin = SwinSpecification(baseWidth: 8, depths: [1], heads: [1])

    private static func changed<Value>(_ value: Value, _ body: (inout Value) -> Void) -> Value {
        var value = value
        body(&value)
        return value
    }

    private func problem(_ specification: ModelSpecification) -> String {
        do {
            _ = try specification.makeModel(height: 32, width: 32)
            return "none"
        } catch { return "\(error)" }
    }

    @Test(arguments: [-1, 0, 257, 65_535, 1 << 31, 1 << 62, Int.max])
    func depthsHaveBounds(depth: Int) {
        for specification: ModelSpecification in [
            ModelSpecification(Self.changed(Self.convnext) { $0.depths = [depth] }),
            ModelSpecification(Self.changed(Self.cvt) { $0.depths = [depth] }),
            ModelSpecification(Self.changed(Self.hornet) { $0.depths = [depth] }),
            ModelSpecification(Self.changed(Self.resnet) { $0.depths = [depth] }),
            ModelSpecification(Self.changed(Self.swin) { $0.depths = [depth] }),
        ] {
            #expect(problem(specification) == "model.depths is [\(depth)], expected numbers from 1 to 256")
        }
    }

    @Test func everyOtherNumberHasBounds() {
        for number in [-1, 0, 100_000_000, 1 << 31, 1 << 62, Int.max] {
            let cases: [(String, ModelSpecification)] = [
                ("widths", ModelSpecification(Self.changed(Self.convnext) { $0.widths = [number] })),
                ("widths", ModelSpecification(Self.changed(Self.cvt) { $0.widths = [number] })),
                ("heads", ModelSpecification(Self.changed(Self.cvt) { $0.heads = [number] })),
                ("embedKernels", ModelSpecification(Self.changed(Self.cvt) { $0.embedKernels = [number] })),
                ("embedStrides", ModelSpecification(Self.changed(Self.cvt) { $0.embedStrides = [number] })),
                ("keyStride", ModelSpecification(Self.changed(Self.cvt) { $0.keyStride = number })),
                ("baseWidth", ModelSpecification(Self.changed(Self.hornet) { $0.baseWidth = number })),
                ("baseWidth", ModelSpecification(Self.changed(Self.resnet) { $0.baseWidth = number })),
                ("baseWidth", ModelSpecification(Self.changed(Self.swin) { $0.baseWidth = number })),
                ("heads", ModelSpecification(Self.changed(Self.swin) { $0.heads = [number] })),
                ("window", ModelSpecification(Self.changed(Self.swin) { $0.window = number })),
                ("windows", ModelSpecification(Self.changed(Self.swin) { $0.windows = [[1, number]] })),
                ("stemStride", ModelSpecification(Self.changed(Self.swin) { $0.stemStride = number })),
                ("orders", ModelSpecification(Self.changed(Self.hornet) { $0.orders = [number] })),
                ("stemStride", ModelSpecification(Self.changed(Self.hornet) { $0.stemStride = number })),
                ("stemStride", ModelSpecification(Self.changed(Self.convnext) { $0.stemStride = number })),
                (
                    "mixers",
                    ModelSpecification(
                        Self.changed(Self.hornet) { $0.mixers = [.globalFilter(rows: number, columns: 3)] })
                ),
                (
                    "mixers",
                    ModelSpecification(
                        Self.changed(Self.hornet) { $0.mixers = [.globalFilter(rows: 4, columns: number)] })
                ),
                ("classes", ModelSpecification(Self.changed(Self.resnet) { $0.classes = number })),
                ("inputChannels", ModelSpecification(Self.changed(Self.convnext) { $0.inputChannels = number })),
            ]
            for (key, specification) in cases {
                #expect(
                    problem(specification).hasPrefix("model.\(key) "), "\(key) \(number): \(problem(specification))")
            }
        }
        for number in [Double.nan, .infinity, -1, 1e300] {
            #expect(
                problem(ModelSpecification(Self.changed(Self.hornet) { $0.gateScale = number })).hasPrefix(
                    "model.gateScale is"))
            #expect(
                problem(ModelSpecification(Self.changed(Self.convnext) { $0.layerScale = number })).hasPrefix(
                    "model.layerScale is"))
            #expect(
                problem(ModelSpecification(Self.changed(Self.cvt) { $0.dropPath = number })).hasPrefix(
                    "model.dropPath is"))
        }
    }

    @Test func aListWhoseSizesOverflowIsNamedAndNotAllocated() {
        for shape: [Int] in [[1 << 32, 1 << 32], [-1, 4], [1 << 62], [1 << 40, 1 << 20]] {
            let scope = Scope()
            _ = scope.parameter("first", [4], role: .bias, initializer: .constant(0))
            _ = scope["part"].parameter("weight", .init(shape), role: .weight, initializer: .constant(0))
            #expect(throws: ModelError.self) { try scope.list.checked() }
            #expect(scope.list.flatCount == 16)
        }
        let scope = Scope()
        _ = scope.parameter("weight", [3, 5], role: .weight, initializer: .constant(0))
        #expect((try? scope.list.checked().parameterCount) == 15)
    }

    /// Within the bounds of a configuration the multiply-adds of an image can be more than `Int` holds.
    @Test func countsBeyondIntAreTheLargestNumber() throws {
        let wide = CvTSpecification(
            widths: [8192, 8192], heads: [1, 1], depths: [1, 1], embedKernels: [64, 64], embedStrides: [1, 1])
        let model = try ModelSpecification(wide).makeModel(height: 8192, width: 8192)
        let trace = try model.trace(height: 8192, width: 8192)
        #expect(trace.multiplyAdds == .max)
        #expect(trace.largestArray > 1 << 50, "the scores of attention count")
    }

    @Test func aConfigurationStillNamesItsKeys() throws {
        for (text, expected) in [
            ("{name: cvt, widths: [7, 8, 9], heads: [2, 2, 3]}", "`model.widths`: has 7 in stage 0"),
            ("{name: convnext, depths: [1, 2]}", "`model.depths`: has 2 entries"),
            ("{name: resnet, depths: [999]}", "`model.depths[0]` is `999`, expected"),
        ] {
            let document = try ConfigurationDocument.parse(text: "model: \(text)", name: "t.yaml")
            do {
                _ = try document.read { reader in reader.section("model", "") { ModelConfiguration($0) } }
                Issue.record("no problem with \(text)")
            } catch { #expect("\(error)".contains(expected), "\(error)") }
        }
    }
}
