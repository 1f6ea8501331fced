import Foundation
import Reporting
import Tasks
import Tensors

extension DataInspection {
    /// Training images of up to ten classes, a row each: plain, then as epochs of training might see them, as a PNG.
    /// - Throws: when the recipe does not fit the data.
    package func grid(_ recipe: Recipe, columns: Int) throws -> [UInt8] {
        let data = try prepared(recipe)
        let shown = try task.makeTask(data.vocabulary, training: data.splits.train)
        let samples = try Thumbnails(data, recipe).samples(shown, limit: 128, variants: columns - 1)
        let rows = (samples["images"]?.arrayValue ?? []).map { image in
            ([image["original"]].compactMap { $0 } + (image["variants"]?.arrayValue ?? [])).map { pixels in
                [UInt8](pixels.stringValue.flatMap { Data(base64Encoded: $0) } ?? Data())
            }
        }
        guard let width = samples["width"]?.integerValue, let height = samples["height"]?.integerValue else {
            throw RecipeError("\(recipe.data.path): there are no training images")
        }
        let train = data.splits.train
        let names = try shown.showcase(train).map { sample -> String in
            C.caption(try train.annotation(sample.index), classNames)
        }
        // Small images are enlarged, so that something is to be seen and a name has room.
        return ImageGrid.png(
            rows, width: width, height: height, channels: samples["channels"]?.integerValue ?? data.plan.channels,
            scale: max(1, 96 / max(width, height)),
            names: names, columns: ["plain"] + (1..<max(2, columns)).map { "epoch \($0)" }, framed: [0])
    }

    /// What is normalised with: the recipe's values, or what is measured.
    package func normalization(_ recipe: Recipe) throws -> (mean: [Double], deviation: [Double]) {
        let normalization = try prepared(recipe).plan.normalization
        return (normalization.mean.map { Double($0) }, normalization.deviation.map { Double($0) })
    }
}
