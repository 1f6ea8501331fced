import Checkpoints
import Layers
import Models
import Tasks
import Tensors

extension ParameterStore where S == Float {
    /// Takes over the weights that `model.weights` names, in whatever file: parameters are found by name. A head of
    /// another size stays as it was drawn; one of the same size is taken over class by class, by name; filters of another
    /// size are resized.
    ///
    /// - Parameter classNames: the classes that the model shall know.
    /// - Returns: what was not simply taken over, one sentence each.
    /// - Throws: one sentence when the file cannot be read or anything but the head does not fit.
    func loadStart(
        _ configuration: ModelConfiguration, model: any FeatureModel, classNames: [String]
    ) throws -> [String] {
        guard let given = configuration.weights else { return [] }
        let path = try Weights.file(at: given)
        let file = try SafetensorsFile.read(path: path)
        let head = configuration.specification.headParameters
        var found: [String: [Int]] = [:]
        for tensor in file.tensors {
            found[tensor.name] = tensor.shape
            found[configuration.specification.canonicalName(tensor.name)] = tensor.shape
        }
        let wanted = list.entries.filter { head.contains($0.name) }
        let isFresh = wanted.contains { found[$0.name] != $0.fileShape }
        let fresh = wanted.map { NamedArray(name: $0.name, shape: $0.fileShape, values: values($0)) }
        let report = try load(
            file, path: path, of: configuration.specification, skipping: isFresh ? Set(head) : [])
        guard report.missing.isEmpty, report.mismatched.isEmpty else {
            throw RecipeError("model.weights: \(path) does not fit \(configuration.name): \(report)")
        }
        var notices: [String] = []
        if isFresh {
            let before = wanted.first.flatMap { found[$0.name] }?.first
            let reason = before.map { "has a head for \($0) classes" } ?? "has no head"
            notices.append(
                "\(path) \(reason), so \(head.joined(separator: " and ")) are drawn anew for \(model.classes).")
        } else if let notice = takeOverHead(of: path, known: HeadClasses(file), wanted: classNames, fresh: fresh) {
            notices.append(notice)
        }
        if let first = report.resized.first {
            notices.append(
                "\(report.resized.count) filters of \(path) are resized to this model's maps, the first is \(first).")
        }
        if let first = report.unused.first {
            notices.append("\(report.unused.count) entries of \(path) are not used, the first is \(first).")
        }
        return notices
    }
}
