import Models

extension Recipe {
    /// The model and its input size without opening any data: what `inspect` and `check-gradients` use.
    /// - Throws: `RecipeError` when the size can only come from the data.
    public func modelWithoutData() throws -> (specification: ModelSpecification, height: Int, width: Int) {
        var specification = model.specification
        let isDigits = data.path == "digits"
        if let classes = model.classes ?? (isDigits ? 10 : nil) { specification.classes = classes }
        if let channels = model.inputChannels ?? (isDigits ? 1 : nil) { specification.inputChannels = channels }
        guard let size = data.imageSize ?? (isDigits ? [8, 8] : nil) else {
            throw RecipeError(
                "\(path): this command does not open the data, so the configuration must give data.imageSize, for "
                    + "example --set data.imageSize=[32,32]")
        }
        return (specification, size[0], size[1])
    }
}
