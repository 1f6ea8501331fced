import Autograd
import Foundation
import Layers
import Models
import Tensors

/// The attentions of CvT or Swin for one image, and what they say together.
package struct AttentionReading {
    /// How the tokens of a stage come from those of the stage before: a square of so many of them every so many.
    package struct Step: Sendable {
        let kernel: Int
        let stride: Int
        let padding: Int

        package init(kernel: Int, stride: Int, padding: Int) {
            (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
        }

        /// What tokens have, given evenly to those that each of them comes from.
        package func spread(_ shares: [Double], from coarse: Pair, to fine: Pair) -> [Double] {
            var result = [Double](repeating: 0, count: fine.height * fine.width)
            for (index, share) in shares.enumerated() where share != 0 {
                let rows = covered(index / coarse.width, fine.height)
                let columns = covered(index % coarse.width, fine.width)
                let part = share / Double(max(1, rows.count * columns.count))
                for y in rows { for x in columns { result[y * fine.width + x] += part } }
            }
            return result
        }

        private func covered(_ place: Int, _ extent: Int) -> Range<Int> {
            let first = place * stride - padding
            let low = min(max(0, first), extent)
            return low..<max(low, min(extent, first + kernel))
        }
    }

    /// In the order of the blocks.
    private let views: [(path: String, shares: AttentionShares)]
    /// Blocks of each stage.
    private let depths: [Int]
    /// From each stage to the next.
    private let steps: [Step]
    /// Whether the answer is read from the class token.
    private let readsToken: Bool

    private final class Collector: @unchecked Sendable {
        var views: [(path: String, view: AttentionView)] = []
    }

    /// Runs the model for an image [1, H, W, C].
    /// - Throws: `RecipeError` for a model without attention maps.
    package init(_ explainer: Explainer, _ input: Tensor<Float>) throws {
        try self.init(explainer.model, explainer.store, input)
    }

    init(_ model: Model, _ store: ParameterStore<Float>, _ input: Tensor<Float>) throws {
        switch model.backbone.specification {
        case let specification as CvTSpecification:
            depths = specification.depths
            steps = depths.indices.dropFirst().map {
                Step(
                    kernel: specification.embedKernels[$0], stride: specification.embedStrides[$0],
                    padding: specification.padding($0))
            }
            readsToken = model.tokenLayer != nil
        case let specification as SwinSpecification:
            depths = specification.depths
            steps = depths.dropFirst().map { _ in Step(kernel: 2, stride: 2, padding: 0) }
            readsToken = false
        default: throw Self.missing(model)
        }
        let collector = Collector()
        var probe = LayerProbe()
        probe.attention = { collector.views.append(($0, $1)) }
        LayerProbe.$current.withValue(probe) { _ = model.features(Variable(input), .evaluation(store)) }
        views = collector.views.map { ($0.path, AttentionShares($0.view)) }
    }

    /// - Throws: `RecipeError` for a model without attention maps, before anything is computed.
    package static func check(_ model: any FeatureModel) throws {
        guard let model = model as? Model else { return }
        let specification = model.backbone.specification
        guard specification is CvTSpecification || specification is SwinSpecification else { throw missing(model) }
    }

    private static func missing(_ model: Model) -> RecipeError {
        RecipeError(
            "\(type(of: model.backbone.specification).title) has no attention maps, expected a model of CvT or Swin; "
                + "gradcam and occlusion explain every model")
    }

    /// Where the last block looks: the class token, or else all tokens on average.
    package func last() -> (place: String, heat: HeatMap) {
        let (path, shares) = views[views.count - 1]
        switch shares.view {
        case .tokens(let view):
            let first = view.hasToken ? 1 : 0
            let keys = view.keyMap.height * view.keyMap.width + first
            let queries = readsToken ? 0..<1 : first..<view.map.height * view.map.width + first
            let values = (first..<keys).map { key in
                queries.reduce(0) { $0 + shares.shares[$1 * keys + key] } / Double(queries.count)
            }
            return (path, HeatMap(height: view.keyMap.height, width: view.keyMap.width, values))
        case .windows(let view):
            let map = view.windows.map
            let even = [Double](repeating: 1 / Double(map.height * map.width), count: map.height * map.width)
            return (path, HeatMap(height: map.height, width: map.width, Self.looks(even, shares)))
        }
    }

    /// Abnar and Zuidema's rollout: the product of (A + I) / 2 over all blocks, from the class token, or evenly from all
    /// tokens, back to the first stage's tokens. Keys that come from convolutions, and tokens that come from those of a finer
    /// stage, hand on evenly to what they come from.
    package func rollout() -> (place: String, heat: HeatMap) {
        var index = views.count - 1
        var map = views[index].shares.view.map
        var shares = [Double](repeating: 1 / Double(map.height * map.width), count: map.height * map.width)
        // What the class token still has; it is the last stage's alone.
        var token = 0.0
        if readsToken { (shares, token) = (shares.map { _ in 0 }, 1) }
        for stage in depths.indices.reversed() {
            for _ in 0..<depths[stage] {
                (shares, token) = Self.before(shares, token, views[index].shares)
                index -= 1
            }
            guard stage > 0 else { break }
            let finer = views[index].shares.view.map
            shares = steps[stage - 1].spread(shares, from: map, to: finer)
            (map, token) = (finer, 0)
        }
        let total = shares.reduce(0, +)
        let heat = total > 0 ? shares.map { $0 / total } : shares
        return ("all \(views.count) attentions", HeatMap(height: map.height, width: map.width, heat))
    }

    /// A row of shares times (A + I) / 2.
    private static func before(
        _ own: [Double], _ token: Double, _ shares: AttentionShares
    ) -> ([Double], token: Double) {
        switch shares.view {
        case .windows:
            return (zip(own, looks(own, shares)).map { ($0 + $1) / 2 }, 0)
        case .tokens(let view):
            let first = view.hasToken ? 1 : 0
            let keys = view.keyMap.height * view.keyMap.width + first
            var seen = [Double](repeating: 0, count: keys)
            for (query, share) in ((view.hasToken ? [token] : []) + own).enumerated() where share != 0 {
                for key in 0..<keys { seen[key] += share * shares.shares[query * keys + key] }
            }
            let step = Step(kernel: 3, stride: view.keyStride, padding: 1)
            let back = step.spread(Array(seen[first...]), from: view.keyMap, to: view.map)
            return (zip(own, back).map { ($0 + $1) / 2 }, view.hasToken ? (token + seen[0]) / 2 : 0)
        }
    }

    /// A row of shares of a map times A, for windows; what lies beyond the map keeps what it gets.
    private static func looks(_ own: [Double], _ shares: AttentionShares) -> [Double] {
        guard case .windows(let view) = shares.view else { return own }
        let (places, tokens) = (view.windows.places, view.windows.tokens)
        var result = [Double](repeating: 0, count: own.count)
        for row in places.indices where places[row] >= 0 {
            let share = own[Int(places[row])]
            let window = row / tokens * tokens
            for s in 0..<tokens where places[window + s] >= 0 {
                result[Int(places[window + s])] += share * shares.shares[row * tokens + s]
            }
        }
        return result
    }
}
