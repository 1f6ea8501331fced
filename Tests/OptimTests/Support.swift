import Checkpoints
import Foundation
import Layers
import Tensors

/// A reference file. By itself 20 updates of a decayed [4, 3] and an undecayed [4] parameter by an independent AdamW,
/// Scripts/fixtures/adamw.py; `optimizers` is of Scripts/fixtures/optimizers.py.
struct ReferenceRun {
    let file: SafetensorsFile

    init(_ name: String = "adamw") throws {
        let folder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Fixtures")
        file = try SafetensorsFile.read(path: folder.appendingPathComponent("\(name).safetensors").path)
    }

    func values(_ name: String) throws -> [Double] {
        guard let tensor = file[name] else { throw CocoaError(.fileNoSuchFile) }
        return try tensor.doubles()
    }
}

/// Some parameters of a model in a row: a matrix, two vectors, a matrix of more than one chunk, a vector.
func sampleList(buffers: Bool = false) -> ParameterList {
    let scope = Scope()
    for (name, shape, role) in [
        ("first.weight", [4, 3], ParameterRole.weight), ("first.bias", [4], .bias), ("norm.weight", [5], .gain),
        ("second.weight", [70, 500], .weight), ("second.gamma", [70, 1], .weight), ("second.bias", [70], .bias),
    ] as [(String, [Int], ParameterRole)] {
        _ = scope.parameter(name, Shape(shape), role: role, initializer: .normal(deviation: 1))
    }
    if buffers {
        _ = scope.buffer("mean", [3], initial: 0)
        _ = scope.buffer("count", [], initial: 0, isInteger: true)
    }
    return scope.list
}

/// Gradients laid out as `list`, the padding 0.
func sampleGradients<S: Scalar>(_ list: ParameterList, _ seed: UInt64, _ type: S.Type = S.self) -> Storage<S> {
    var random = Random(seed: seed, purpose: "gradients")
    let storage = Storage<S>(count: list.flatCount)
    storage.pointer.initialize(repeating: 0, count: list.flatCount)
    for entry in list.entries { for k in entry.range { storage.pointer[k] = S(random.normal()) } }
    return storage
}

extension Storage {
    var array: [S] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

    /// Bit patterns, so that equality means the same bytes.
    var bytes: [UInt8] { Array(UnsafeRawBufferPointer(start: pointer, count: count * MemoryLayout<S>.stride)) }
}

extension Array where Element: BitwiseCopyable {
    var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }
}
