import Autograd
import Layers
import Tensors

extension Explainer {
    /// Grad-CAM: with A the maps of a tap and y the score, the mean of dy / dA over a map's places is the weight of the map;
    /// the heat is the weighted sum of the maps where it is above 0.
    func classActivation(
        _ input: Tensor<Float>, _ answer: ExplainedAnswer, tap name: String?
    ) throws -> (place: String, heat: HeatMap) {
        let taps = try model.taps(height: size.height, width: size.width)
        let tape = Tape<Float>()
        let layer = name == nil ? model.tokenLayer : nil
        if let layer { tape.keepsResults = { _, path in path == layer } }
        let output = model(tape.leaf(input), .evaluation(store))
        let chosen: (name: String, map: Variable<Float>)
        if let layer, let tokens = tape.keptResults.first {
            chosen = (layer, tokens)
        } else {
            let index = try tapIndex(taps, named: name)
            chosen = (taps[index].name, output.features[index])
            tape.keepGradient(of: chosen.map)
        }
        tape.backward(from: output.logits, cotangent: answer.weights)
        let shape = chosen.map.shape
        guard let gradient = tape.gradient(of: chosen.map) else {
            throw RecipeError("the answer does not depend on the maps of \(chosen.name), expected another tap")
        }
        let last = taps[try backboneTaps() - 1]
        let (height, width) = shape.rank == 4 ? (shape[1], shape[2]) : (last.height, last.width)
        return (chosen.name, Self.activation(chosen.map.value, gradient, height: height, width: width))
    }

    /// - Parameters:
    ///   - maps: [1, H, W, C], or tokens [1, T, C] whose last ones are the map's.
    ///   - gradient: of the score by them.
    package static func activation(
        _ maps: Tensor<Float>, _ gradient: Tensor<Float>, height: Int, width: Int
    ) -> HeatMap {
        let (channels, places) = (maps.shape.columns, height * width)
        let first = maps.shape.rows - places
        return withElements(maps, gradient) { maps, gradient in
            var weights = [Double](repeating: 0, count: channels)
            for place in first..<first + places {
                for c in 0..<channels { weights[c] += Double(gradient[place * channels + c]) / Double(places) }
            }
            let values = (first..<first + places).map { place in
                max(0, (0..<channels).reduce(0) { $0 + weights[$1] * Double(maps[place * channels + $1]) })
            }
            return HeatMap(height: height, width: width, values)
        }
    }

    private func backboneTaps() throws -> Int {
        try model.backbone.specification.taps(height: size.height, width: size.width).count
    }

    /// By its name, or the last one of the backbone that has more than one place.
    private func tapIndex(_ taps: [FeatureTap], named name: String?) throws -> Int {
        if let name {
            guard let index = taps.firstIndex(where: { $0.name == name }) else {
                throw RecipeError(
                    "the model has no tap \(name), expected one of " + taps.map(\.name).joined(separator: ", "))
            }
            return index
        }
        let count = try backboneTaps()
        return taps[..<count].lastIndex { $0.height * $0.width > 1 } ?? count - 1
    }
}
