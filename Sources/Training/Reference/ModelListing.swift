import Configuration
import Models
import Tasks

/// A named model and its size at the resolution that it is made for.
package struct ModelListing: Sendable {
    package let name: String
    package let family: String
    /// Height and width of its input.
    package let side: Int
    package let channels: Int
    package let classes: Int
    package let parameters: Int
    /// Of one image, forward; gates, norms and FFTs are not counted.
    package let multiplyAdds: Int

    init(_ name: String, _ specification: ModelSpecification) throws {
        self.name = name
        family = ModelSpecification.familyName(of: name) ?? ""
        side = specification.usualImageSize(named: name)
        channels = specification.inputChannels
        classes = specification.classes
        let model = try specification.makeModel(height: side, width: side)
        parameters = model.parameters.parameterCount
        multiplyAdds = try model.trace(height: side, width: side).multiplyAdds
    }

    /// The models whose names match: contain the pattern, or fit it where it holds `*` or `?`.
    /// - Throws: `RecipeError` when there is none.
    package static func all(matching pattern: String? = nil) throws -> [ModelListing] {
        let found = ModelSpecification.variants.filter { variant in
            guard let pattern else { return true }
            let isGlob = pattern.contains("*") || pattern.contains("?")
            return isGlob ? Glob.matches(variant.name, pattern) : variant.name.contains(pattern)
        }
        guard !found.isEmpty else {
            let names = ModelSpecification.variants.map(\.name)
            let meant =
                nearest(pattern ?? "", in: names).map { "did you mean \($0)?" }
                ?? "the models are \(names.joined(separator: ", "))"
            throw RecipeError("\(pattern ?? ""): no model has such a name, \(meant)")
        }
        return try found.map { try ModelListing($0.name, $0.specification) }
    }
}
