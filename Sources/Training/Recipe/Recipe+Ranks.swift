import Configuration
import Distributed
import JSON
import RunLayout
import Tasks

extension Recipe {
    /// The recipe in a file that rank 0 reads for all ranks.
    /// - Parameter folder: a run that is gone on with: its input size holds where the recipe gives none.
    package static func load(
        _ path: String, overrides: [String], resuming folder: String?, with ranks: ProcessGroup
    ) throws -> Recipe {
        if ranks.size == 1 { return try load(path, overrides: overrides) }
        var own: Recipe?
        var message = ByteMessage(
            try ranks.onRoot {
                var recipe = try load(path, overrides: overrides)
                if let folder, recipe.data.imageSize == nil,
                    let saved = try? WeightsMetadata.read(folder + "/" + RunFiles.lastWeights).transform
                {
                    recipe.data.imageSize = [saved.height, saved.width]
                }
                own = recipe
                var message = ByteMessage()
                message.add(recipe.resolvedYAML)
                for side in recipe.data.imageSize ?? [0, 0] { message.add(side) }
                return message.bytes
            })
        if let own { return own }
        var recipe = try Recipe(ConfigurationDocument.parse(text: message.text(), name: path), path: path)
        let size = [message.integer(), message.integer()]
        if size != [0, 0] { recipe.data.imageSize = size }
        return recipe
    }
}

extension DistillationRecipe {
    /// The configuration in a file that rank 0 reads for all ranks.
    package static func load(
        _ path: String, overrides: [String], with ranks: ProcessGroup
    ) throws -> DistillationRecipe {
        if ranks.size == 1 { return try load(path, overrides: overrides) }
        var own: DistillationRecipe?
        let text = try ranks.onRoot {
            own = try load(path, overrides: overrides)
            return [UInt8]((own?.resolvedYAML ?? "").utf8)
        }
        return try own
            ?? DistillationRecipe(
                ConfigurationDocument.parse(text: String(decoding: text, as: UTF8.self), name: path), path: path)
    }
}
