import Checkpoints
import Configuration
import Datasets
import Foundation
import Tasks

/// The folder of a run as a place to read from: it stands for its weights and for the configuration they came from.
package struct RunFolder: Sendable {
    /// Without a slash at its end.
    package let path: String

    package var configuration: String { path + "/config.yaml" }

    /// - Returns: nil where the path is no folder with a run's configuration in it.
    package init?(_ path: String) {
        self.path = Self.withoutSlash(path)
        guard FileManager.default.fileExists(atPath: configuration),
            ["weights", "state", "metrics.jsonl"].contains(where: {
                FileManager.default.fileExists(atPath: "\(self.path)/\($0)")
            })
        else { return nil }
    }

    /// The run that a weights file lies in.
    package init?(of weights: String) {
        let parts = weights.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count >= 2, parts[parts.count - 2] == "weights" else { return nil }
        let folder = parts.dropLast(2).joined(separator: "/")
        self.init(folder.isEmpty ? (weights.hasPrefix("/") ? "/" : ".") : folder)
    }

    package static func isFolder(_ path: String) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }

    static func withoutSlash(_ path: String) -> String {
        var path = path[...]
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return String(path)
    }

    /// Whether there is a folder that may hold data, which a run of the same name does not.
    static func holdsData(_ path: String) -> Bool {
        ListedData.isOne(path) || isFolder(path) && RunFolder(path) == nil
    }

    /// Where the data of the run's configuration lies.
    ///
    /// A relative `data.path` counts from the folder that the program is started in, as it did in training. Where
    /// nothing lies there, the folders above the run are tried: a run in `Runs/x` was most likely started beside `Runs`.
    /// - Returns: the folder to take instead, nil where the path is right as it is or nothing is found.
    func dataPath(_ path: String) -> String? {
        guard !EmbeddedData.holds(path), !path.hasPrefix("/"), !Self.holdsData(path) else { return nil }
        var folder = URL(fileURLWithPath: self.path).standardizedFileURL
        for _ in 0..<8 where folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent(path).path
            if Self.holdsData(candidate) { return candidate }
        }
        return nil
    }
}

/// A recipe as a command takes it: from a configuration, or from a run folder.
package struct OpenedRecipe: Sendable {
    package var recipe: Recipe
    /// What was decided for the user, one sentence each.
    package var notices: [String] = []
    /// The configuration file.
    package let file: String
    private let isRun: Bool

    /// Reads a configuration, or that of a run folder; of a distillation the student's own recipe.
    /// - Throws: `ConfigurationError`, or `RecipeError` for a folder that is no run's.
    package init(_ path: String, overrides: [String] = []) throws {
        let run = RunFolder(path)
        isRun = run != nil
        file = try Self.file(path)
        recipe =
            try DistillationRecipe.isOne(file, overrides: overrides)
            ? DistillationRecipe.load(file, overrides: overrides).recipe : Recipe.load(file, overrides: overrides)
        if let run { moveData(run) }
    }

    /// The configuration file that a path stands for: itself, or that of a run folder.
    /// - Throws: `RecipeError` for a folder that is no run's, with what to do instead.
    package static func file(_ path: String) throws -> String {
        if let run = RunFolder(path) { return run.configuration }
        guard RunFolder.isFolder(path) else { return path }
        let folder = RunFolder.withoutSlash(path)
        throw RecipeError(
            "\(path): this is a folder, expected a configuration; if it holds images, write a file with data.path: "
                + "\(folder), or use a preset with --set data.path=\(folder)")
    }

    /// Refuses a run's data that is not where its configuration says.
    /// - Throws: `RecipeError` with what to do.
    package func checkData() throws {
        let path = recipe.data.path
        guard isRun, !EmbeddedData.holds(path), !path.hasPrefix("/"), !RunFolder.holdsData(path) else { return }
        throw RecipeError(
            "\(path): the data of \(file) is not there; the path counts from the folder that the run was started in, so "
                + "start trainer there, or give --set data.path=FOLDER")
    }

    private mutating func moveData(_ run: RunFolder) {
        let isGiven = recipe.entries.contains {
            if $0.path == "data.path", case .override = $0.origin { true } else { false }
        }
        guard !isGiven, let found = run.dataPath(recipe.data.path) else { return }
        notices.append(
            "data.path of \(run.configuration) is \(recipe.data.path), which does not exist here; \(found) is taken.")
        recipe.data.path = found
    }
}
