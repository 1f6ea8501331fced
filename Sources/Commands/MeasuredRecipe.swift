import ArgumentParser
import JSON
import Reporting
import Training

/// The recipe whose data weights are measured on: that of the run they lie in, or of `data`, which is a configuration, a run or
/// a folder of images.
func measuredRecipe(
    _ weights: String, data: String?, _ overrides: [String], _ console: Console
) throws -> Recipe {
    let run = RunFolder(weights) ?? RunFolder(of: weights)
    guard let data else {
        guard let run else {
            throw ValidationError(
                "\(weights) lies in no run folder, whose configuration would name the data, expected --data <config>")
        }
        return try openRecipe(run.path, overrides, console, data: true)
    }
    if RunFolder.isFolder(data), RunFolder(data) == nil, let run {
        return try openRecipe(run.path, overrides + ["data.path=" + JSONValue.string(data).text()], console)
    }
    return try openRecipe(data, overrides, console, data: true)
}
