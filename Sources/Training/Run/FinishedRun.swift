import Checkpoints
import JSON
import RunLayout

/// A run that has nothing left to do, as far as its folder tells.
package struct FinishedRun: Sendable {
    /// What `summary.json` holds.
    package let summary: JSONValue
    /// One sentence when the recipe is not the one that the run was made with.
    package let warning: String?

    /// The result of the run in a folder when nothing is left to do, `nil` otherwise; the data is not opened.
    package init?(in path: String, _ recipe: Recipe) throws {
        var states = StateStore(directory: path + "/" + RunFiles.state)
        guard let saved = try? states.load(), let progress = saved.info["progress"].flatMap({ RunProgress($0) }),
            progress.epoch >= recipe.training.epochs || progress.stoppedEarly != nil,
            let text = RegularFile.read(path + "/" + RunFiles.summary).text,
            let summary = try? JSONValue(parsing: text)
        else { return nil }
        self.summary = summary
        warning = try ResumptionCheck.difference(recipe, path)
    }
}
