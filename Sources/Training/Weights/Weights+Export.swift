import Checkpoints
import Foundation

extension Weights {
    /// Reads a weights file, or the weights of a run folder: the best ones, else the last ones.
    /// - Throws: `CheckpointError` in one sentence, as `read` does.
    public static func find(_ path: String) throws -> (path: String, weights: Weights) {
        let file = try file(at: path)
        return (file, try read(file))
    }

    /// The weights file that a path stands for: itself, or the best weights of a run folder, else its last ones.
    /// - Throws: `CheckpointError` for a folder without weights.
    public static func file(at path: String) throws -> String {
        guard RunFolder.isFolder(path) else { return path }
        let folder = RunFolder.withoutSlash(path)
        for name in ["best", "last"] {
            let file = "\(folder)/weights/\(name).safetensors"
            if FileManager.default.fileExists(atPath: file) { return file }
        }
        throw CheckpointError(
            path, "the folder holds no weights/best.safetensors, expected a run folder or a weights file")
    }

    /// The file that `write` makes, with every parameter under another name.
    public func file(renaming rename: (String) throws -> String) throws -> SafetensorsFile {
        SafetensorsFile(
            metadata: try metadata.encoded(), tensors: try store.storedTensors().map { $0.renamed(try rename($0.name)) }
        )
    }
}
