import Checkpoints
import Configuration
import Foundation
import JSON
import Reporting
import RunLayout
import Tensors

// Going on with a distillation: what must be as it was.
extension DistillationRun {
    /// A run in the folder that has nothing left to do.
    public static func finished(in path: String, _ configuration: DistillationRecipe) throws -> JSONValue? {
        guard let text = RegularFile.read(path + "/summary.json").text,
            let summary = try? JSONValue(parsing: text), summary["arm"] != nil
        else { return nil }
        try checkConfiguration(configuration, path)
        return summary
    }

    /// Refuses what `run` would refuse about the folder of an earlier run, as far as it shows before the pool is trained.
    public func checkResumption(in path: String) throws {
        guard FileManager.default.fileExists(atPath: path + "/config.yaml") else { return }
        try checkConfiguration(path)
    }

    func checkConfiguration(_ path: String) throws {
        try DistillationRun.checkConfiguration(configuration, path, forced: isForced)
    }

    static func checkConfiguration(
        _ configuration: DistillationRecipe, _ path: String, forced: Bool = false
    ) throws {
        let saved = try DistillationRecipe.load(path + "/config.yaml")
        if let difference = TrainingRun.difference(configuration.entries, from: saved.entries, path) {
            guard forced else { throw RecipeError("\(difference); \(TrainingRun.differenceAdvice)") }
        }
    }

    /// The arm, the order and the teachers must be those the run was started with.
    func check(_ info: JSONValue, _ header: [JSONValue.Member], _ path: String) throws {
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
