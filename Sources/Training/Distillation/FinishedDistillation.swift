import Checkpoints
import Configuration
import Foundation
import JSON
import RunLayout
import Tasks

/// What an earlier run of a distillation left.
package enum FinishedDistillation {
    /// The summary of a run in the folder that has nothing left to do, nil otherwise.
    package static func summary(in path: String, _ configuration: DistillationRecipe) throws -> JSONValue? {
        guard let text = RegularFile.read(path + "/" + RunFiles.summary).text,
            let summary = try? JSONValue(parsing: text), summary["arm"] != nil
        else { return nil }
        try checkConfiguration(configuration, path)
        return summary
    }

    /// Refuses a configuration that would give other results.
    static func checkConfiguration(
        _ configuration: DistillationRecipe, _ path: String, forced: Bool = false
    ) throws {
        let saved = try DistillationRecipe.load(path + "/" + RunFiles.configuration)
        if let difference = ResumptionCheck.difference(configuration.entries, from: saved.entries, path) {
            guard forced else { throw RecipeError("\(difference); \(ResumptionCheck.advice)") }
        }
    }

    /// Refuses what a run would refuse about the folder of an earlier one, as far as it shows before the pool is trained.
    static func checkResumption(_ configuration: DistillationRecipe, in path: String, forced: Bool) throws {
        guard FileManager.default.fileExists(atPath: path + "/" + RunFiles.configuration) else { return }
        try checkConfiguration(configuration, path, forced: forced)
    }

    /// The arm, the order and the teachers must be those the run was started with.
    static func check(_ info: JSONValue, _ header: [JSONValue.Member], _ path: String) throws {
        for member in header where info[member.name] != member.value {
            let what =
                switch member.name {
                case "teachers": "the teachers' weights are others than those"
                case "order": "the order of teachers is another than the one"
                case "arm": "the arm is another than the one"
                default: "the seed is another than the one"
                }
            throw RecipeError(
                "\(path): \(what) the run was started with, expected \(info[member.name]?.text() ?? "nothing"); bring them "
                    + "back, or start anew with --overwrite")
        }
    }
}
