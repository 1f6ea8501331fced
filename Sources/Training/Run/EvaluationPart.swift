import Datasets

/// A part of a data set that weights are measured on.
public enum EvaluationPart: String, CaseIterable, Sendable {
    case train
    case validation
    case test
}

/// The images of one part, opened and labelled as some weights count their classes.
public struct EvaluationImages {
    public let dataset: any ImageDataset
    public let part: EvaluationPart
    /// What `train` says about this data, one sentence each.
    public let notices: [String]

    /// Opens the data of a recipe and takes a part of it: the one that is asked for, else the test images, else the
    /// validation images. Those of training and validation are split as a run with this recipe splits them.
    /// - Throws: one sentence when there is no such part, or the weights do not know its classes.
    public init(_ recipe: Recipe, part wanted: EvaluationPart?, weights: Weights) throws {
        let data = recipe.data
        func open(_ validation: ValidationSource) throws -> DatasetSplits {
            try openDataset(
                data.path, validation: validation, seed: UInt64(recipe.run.seed), onBroken: data.onBroken)
        }
        func test(_ splits: DatasetSplits) -> (any ImageDataset)? { splits.test }
        // What is held out for validation says nothing of the test images, so it need not be there for them.
        var splits = try open(wanted == .test || wanted == nil ? .none : data.validation)
        if wanted == nil, test(splits) == nil { splits = try open(data.validation) }
        let found: (any ImageDataset)?
        switch wanted {
        case .train: (part, found) = (.train, splits.train)
        case .validation: (part, found) = (.validation, splits.validation)
        case .test: (part, found) = (.test, test(splits))
        case nil:
            part = test(splits) != nil ? .test : .validation
            found = test(splits) ?? splits.validation
        }
        guard let found else {
            let others = [
                ("train", true), ("validation", splits.validation != nil), ("test", test(splits) != nil),
            ].filter { $0.1 && $0.0 != wanted?.rawValue }.map(\.0)
            let missing = wanted.map { "no \($0.rawValue) part" } ?? "neither test nor validation part"
            let why = wanted == .validation && data.validation == .none ? " (data.validation is 0)" : ""
            throw RecipeError(
                "\(data.path) has \(missing)\(why), expected --part \(others.joined(separator: " or "))")
        }
        dataset = try weights.matched(found, names: try data.names(of: splits.classNames), path: data.path)
        notices = splits.notices
    }
}
