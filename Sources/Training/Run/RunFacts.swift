import Layers
import Reporting
import Tensors

/// What a run is about, for people: its data, input, model and memory.
public struct RunFacts {
    /// Who made the data, where the program ships it.
    public let attribution: String?
    private let recipe: Recipe
    private let data: DataDescription
    private let model: any FeatureModel
    private let isTrainable: [Bool]
    private let estimate: () throws -> MemoryEstimate

    /// - Parameter isTrainable: one for each parameter of the model: whether it is trained.
    init<Annotation>(
        _ recipe: Recipe, _ data: PreparedData<Annotation>, _ model: any FeatureModel, isTrainable: [Bool]
    ) {
        attribution = data.splits.attribution
        self.recipe = recipe
        self.data = DataDescription(data)
        self.model = model
        self.isTrainable = isTrainable
        estimate = {
            let trace = try model.trace(height: data.plan.height, width: data.plan.width)
            return MemoryEstimate(recipe, model: model, trace: trace, data: data)
        }
    }

    /// About how much memory the run holds at most, in words.
    public var memory: String { get throws { try estimate().text } }

    /// Name and value, for a table.
    public var rows: [(name: String, text: String)] {
        get throws {
            let plan = data.plan
            let trace = try model.trace(height: plan.height, width: plan.width)
            let rows = [
                ("data", "\(recipe.data.path): \(data.summary)"),
                ("input", "\(plan.height)x\(plan.width), \(plan.channels == 1 ? "grey" : "colour")"),
                (
                    "model",
                    "\(recipe.model.name), \(NumberText.grouped(model.parameters.parameterCount)) parameters, "
                        + "\(NumberText.grouped(trace.multiplyAdds)) multiply-adds per image"
                ),
            ]
            let (trained, all) = zip(isTrainable, model.parameters.entries).reduce((0, 0)) {
                let count = $1.1.shape.elementCount
                return ($0.0 + ($1.0 ? count : 0), $0.1 + count)
            }
            if trained == all { return rows }
            return rows + [("trains", "\(NumberText.grouped(trained)) of \(NumberText.grouped(all)) parameters")]
        }
    }
}
