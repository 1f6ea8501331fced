import Configuration
import Datasets
import RunLayout
import Tasks

extension Recipe {
    /// The recipe's task, where it is that of the weights.
    /// - Parameter path: of the weights.
    /// - Throws: `RecipeError` where they were trained for another one.
    package func checkedTask(for weights: Weights, _ path: String) throws -> any TaskConfiguration {
        let (own, found) = (type(of: task).name, weights.metadata.vocabulary.task)
        guard own == found else {
            throw RecipeError("\(path) was trained for \(found), but \(self.path) is for \(own)")
        }
        return task
    }
}

extension Weights {
    /// A data set whose annotations count in the classes that the weights know, matched by name; it may lack some of them.
    /// - Throws: `RecipeError` when images are of a class that the weights do not know.
    package func matched<C: TaskConfiguration>(
        _ dataset: any AnnotatedDataset<C.Task.Annotation>, _ data: DataSection, _ task: C.Type
    ) throws -> any AnnotatedDataset<C.Task.Annotation> {
        let found = try data.names(of: dataset.classNames)
        let known = metadata.classNames
        if found == known { return dataset }
        if let matched = try C.relabeled(dataset, names: found, as: known) { return matched }
        let unknown = found.filter { !known.contains($0) }
        guard let first = unknown.first else { throw RecipeError("\(data.path) has the same class twice") }
        let advice =
            unknown.count == 1 ? nearest(first, in: known).map { " (the nearest of its classes is '\($0)')" } ?? "" : ""
        throw RecipeError(
            "\(data.path): the weights do not know the \(unknown.count == 1 ? "class" : "classes") \(Self.list(unknown))"
                + "\(advice); they were trained with \(known.count == 1 ? "one class" : "\(known.count) classes"), "
                + Self.list(known))
    }

    private static func list(_ names: [String]) -> String {
        let shown = names.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        return names.count > 8 ? "\(shown) and \(names.count - 8) more" : shown
    }

    /// Whether a weights file may have learnt from the data at a path. Only the run folder that it lies in can tell that
    /// it has not.
    package static func mayHaveLearnt(_ file: String, from path: String) -> Bool {
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        let folder = parts.count > 2 ? parts.dropLast(2).joined(separator: "/") : parts.count == 2 ? "." : ".."
        let configuration = folder + "/" + RunFiles.configuration
        guard
            let used = (try? Recipe.load(configuration))?.data.path
                ?? (try? DistillationRecipe.load(configuration))?.recipe.data.path
        else { return true }
        if used == path || isSameFile(used, path) { return true }
        // Data that is gone, or lay elsewhere, may be the same.
        return !EmbeddedData.holds(used) && !isSameFile(used, used)
    }
}
