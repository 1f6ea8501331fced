import Checkpoints
import Configuration
import Datasets
import JSON
import RunLayout
import Tasks

/// Whether a configuration would give what the run in a folder was started for.
package enum ResumptionCheck {
    /// Where a recipe would change the result of the run in a folder, one sentence, or `nil`.
    package static func difference(_ recipe: Recipe, _ path: String) throws -> String? {
        difference(recipe.entries, from: try Recipe.load(path + "/" + RunFiles.configuration).entries, path)
    }

    /// Refuses a changed recipe, unless that is no reason to.
    /// - Returns: what is changed all the same, one sentence, or nil.
    static func check(_ recipe: Recipe, _ path: String, forced: Bool) throws -> String? {
        let found = try difference(recipe, path)
        if let found, !forced { throw RecipeError("\(found); \(advice)") }
        return found
    }

    package static func difference(
        _ entries: [ConfigurationEntry], from saved: [ConfigurationEntry], _ path: String
    ) -> String? {
        var old: [String: String] = [:]
        for entry in saved where entry.kind == .value { old[entry.path] = entry.value }
        let runsLonger = epochsMayChange(entries)
        let changed = entries.filter {
            $0.kind == .value && !Recipe.harmless.contains($0.path) && old[$0.path] != $0.value
                && !(runsLonger && $0.path == "training.epochs")
                // The default until it became `auto`; whether both mean the same shows in the saved state.
                && !($0.path == "training.dropLast" && old[$0.path] == "true" && $0.value == "auto")
                && !isSameValidation($0.path, old[$0.path], $0.value)
        }
        let new = Set(entries.map(\.path))
        let gone = saved.filter { $0.kind == .value && !new.contains($0.path) }
        let differences =
            changed.map { "\($0.path): \(old[$0.path] ?? "nothing") -> \($0.value)" }
            + gone.map { "\($0.path): \($0.value) -> nothing" }
        guard !differences.isEmpty else { return nil }
        return
            "\(path): the configuration is not the one the run was started with (\(differences.joined(separator: ", ")))"
    }

    /// Earlier versions took a tenth of the training images by default and knew no `auto`. Where the two differ, the counts
    /// of images do.
    private static func isSameValidation(_ path: String, _ old: String?, _ new: String) -> Bool {
        guard path == "data.validation", let old else { return false }
        return Set([old, new].map { $0.filter { $0 != "\"" && $0 != "'" } }) == ["0.1", "auto"]
    }

    /// Whether the learning rates of the epochs so far do not depend on how many follow.
    private static func epochsMayChange(_ entries: [ConfigurationEntry]) -> Bool {
        let kind = entries.first { $0.path == "schedule.kind" }?.value
        // A mean that begins after a share of the run begins elsewhere in a longer one.
        guard entries.first(where: { $0.path == "optimizer.averageAfter" })?.value ?? "null" == "null" else {
            return false
        }
        return ["constant", "step", "warmRestarts", "plateau"].contains(kind)
    }

    /// What to do about a difference.
    static let advice =
        "give the same configuration, go on all the same with --force, or start anew with --overwrite"
}
