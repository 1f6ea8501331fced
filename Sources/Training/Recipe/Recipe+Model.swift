import Datasets
import Models
import Tasks
import Tensors

/// A model and its input size, as far as they are known without opening the data.
package struct ModelOutline: Sendable {
    package var specification: ModelSpecification
    package var height: Int
    package var width: Int
    /// What was assumed in place of the data, one sentence each.
    package var notices: [String] = []

    /// A model by its name, `nil` when there is none of that name.
    package init?(name: String) {
        guard let variant = ModelSpecification.variant(name) else { return nil }
        specification = variant
        height = variant.usualImageSize(named: name)
        width = height
    }

    /// What the metadata of a weights file says.
    package init(_ metadata: WeightsMetadata) {
        specification = metadata.specification
        height = metadata.transform.height
        width = metadata.transform.width
    }

    /// The recipe's model; what only the data could tell is taken as the model was published.
    init(_ recipe: Recipe) {
        specification = recipe.model.specification
        notices = recipe.notices
        let embedded = EmbeddedData(rawValue: recipe.data.path)
        let task = type(of: recipe.task)
        if specification.head == nil { specification.head = recipe.task.head(classes: specification.classes) }
        if specification.neck == nil { specification.neck = recipe.task.neck }
        if let classes = recipe.task.outputs ?? recipe.model.classes ?? recipe.data.classNames?.count
            ?? embedded.map({ task.classes(of: $0) })
        {
            specification.classes = classes
        } else {
            if let usual = task.usualClasses { specification.classes = usual }
            notices.append(
                "The number of classes comes from the data, which is not opened here; \(specification.classes) are assumed "
                    + "(model.classes).")
        }
        if let channels = recipe.model.inputChannels ?? recipe.task.input?.channels ?? embedded?.channels {
            specification.inputChannels = channels
        } else {
            notices.append(
                "The number of channels comes from the data, which is not opened here; \(specification.inputChannels) are "
                    + "assumed (model.inputChannels).")
        }
        if let size = recipe.task.input?.size {
            (height, width) = (size.height, size.width)
        } else if let size = recipe.data.imageSize ?? embedded.map({ [$0.side, $0.side] }) {
            (height, width) = (size[0], size[1])
        } else {
            let side = specification.usualImageSize(named: recipe.model.name)
            (height, width) = (side, side)
            notices.append(
                "The image size comes from the data, which is not opened here; \(side)x\(side) is assumed (data.imageSize)."
            )
        }
    }
}

extension Recipe {
    /// The model without opening any data: what `inspect` and `check-gradients` use.
    package var outline: ModelOutline { ModelOutline(self) }
}

extension TaskConfiguration {
    /// Numbered classes, and what goes with the weights of a model where no data is opened.
    package func vocabulary(_ outline: ModelOutline) -> Vocabulary {
        let names = (0..<outline.specification.classes).map { "class \($0)" }
        return Vocabulary(
            task: Self.name, classNames: names,
            settings: settings(
                classNames: names, of: nil, model: outline.specification, size: Pair(outline.height, outline.width)))
    }
}
