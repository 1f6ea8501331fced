import JSON
import Reporting

/// What a model's outputs mean: it goes with the weights, and is compared by name wherever data, student, teacher and
/// weights meet.
public struct Vocabulary: Sendable, Equatable {
    /// The task that the outputs belong to.
    public let task: String
    /// One for each output.
    public var classNames: [String]

    /// What else the task must know to use the weights, see `TaskConfiguration.settings`; null for nothing. It is not
    /// compared.
    public var settings: JSONValue

    /// - Parameters:
    ///   - task: the name of a registered task.
    ///   - classNames: one for each output.
    ///   - settings: what else the task must know to use the weights.
    public init(task: String, classNames: [String], settings: JSONValue = .null) {
        (self.task, self.classNames, self.settings) = (task, classNames, settings)
    }

    /// Why what another model knows is not the same, as the end of a sentence; nil where it is.
    /// - Parameter place: where this vocabulary comes from.
    public func difference(of other: Vocabulary, place: String) -> String? {
        if other.task != task { return "was trained for \(other.task), but \(place) is for \(task)" }
        if other.classNames.count != classNames.count {
            return "knows \(other.classNames.count) classes, but the student learns \(classNames.count) (\(place))"
        }
        if let index = classNames.indices.first(where: { classNames[$0] != other.classNames[$0] }) {
            return
                "knows class \(index) as '\(other.classNames[index])', but it is '\(classNames[index])' in \(place)"
        }
        return nil
    }
}

/// A recipe that does not fit its data or its model, in one sentence.
public struct RecipeError: Error, CustomStringConvertible, Sendable, Equatable {
    /// The sentence.
    public let description: String
    /// - Parameter description: one sentence that names the key, file or folder at fault.
    public init(_ description: String) { self.description = description }
}

extension Vocabulary {
    /// The line of a table's end that names classes without images, which no mean counts; nil where there is none.
    static func absent(_ names: [String], _ words: String) -> String? {
        guard !names.isEmpty else { return nil }
        let more = names.count > 20 ? " and \(names.count - 20) more" : ""
        return TextWidth.singleLine(
            "\(words), so in no mean: \(names.prefix(20).joined(separator: ", "))\(more)") + "\n"
    }
}
