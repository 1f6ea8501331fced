import Autograd
import Detection
import Foundation
import Layers
import Tensors

/// What a two-stage detector says about regions: each is cut out of the map that suits its size.
struct MapRegions<S: Scalar>: RegionAnswers {
    let head: RegionHead
    /// Of the levels that regions are cut out of, fine to coarse.
    let maps: [Variable<S>]
    let context: Context<S>

    var stages: Int { head.boxes.count }

    func boxes(_ regions: Tensor<S>, stage: Int) -> (classes: Variable<S>, deltas: Variable<S>) {
        require(
            head.boxes.indices.contains(stage) && regions.shape.rank == 2 && regions.shape[1] == 5, RegionHead.path,
            [regions.shape], "regions are [R, 5], and the stage \(stage) must be one of \(stages)")
        let layers = head.boxes[stage]
        guard regions.shape[0] > 0 else {
            let (classes, deltas) = layers(cut(placeholder, RegionBoxLayers.side), context.holdingStatistics)
            return (classes.rows([]), deltas.rows([]))
        }
        let answer = someAtATime(regions, 1024) {
            let (classes, deltas) = layers(cut($0, RegionBoxLayers.side), context)
            return [classes, deltas]
        }
        return (answer[0], answer[1])
    }

    func masks(_ regions: Tensor<S>, stage: Int) -> Variable<S>? {
        guard head.masks.indices.contains(stage) else { return nil }
        let layers = head.masks[stage]
        guard regions.shape[0] > 0 else { return layers(cut(placeholder, RegionMaskLayers.side), context).rows([]) }
        return someAtATime(regions, 64) { [layers(cut($0, RegionMaskLayers.side), context)] }[0]
    }

    func masks(_ regions: Tensor<S>, stage: Int, columns: (_ count: Int) -> [Int32]) -> Variable<S>? {
        guard head.masks.indices.contains(stage) else { return nil }
        let layers = head.masks[stage]
        guard regions.shape[0] > 0 else {
            return layers(cut(placeholder, RegionMaskLayers.side), columns: [0], context).rows([])
        }
        return layers(
            cut(regions, RegionMaskLayers.side), columns: columns(head.specification.classColumns), context)
    }

    /// What is said of regions, all at once where gradients are wanted, otherwise so many at a time that what lies between
    /// maps and answers takes little memory. No answer depends on the other regions.
    private func someAtATime(
        _ regions: Tensor<S>, _ most: Int, _ body: (Tensor<S>) -> [Variable<S>]
    ) -> [Variable<S>] {
        let count = regions.shape[0]
        guard context.tape == nil, !context.isTraining, count > most else { return body(regions) }
        let parts = stride(from: 0, to: count, by: most).map { first in
            body(
                Tensor(
                    storage: regions.storage, offset: regions.offset + 5 * first,
                    shape: [min(most, count - first), 5]))
        }
        return parts[0].indices.map { index in
            let answers = parts.map { $0[index] }
            return Variable.concatenated(answers.map { $0.reshaped([$0.shape.elementCount]) })
                .reshaped(answers[0].shape.replacing(axis: 0, with: count))
        }
    }

    /// A region that stands for none at all: what is said about it is left out again, so that every parameter has a gradient,
    /// zero, and no statistics change.
    private var placeholder: Tensor<S> { Tensor([1, 5], [0, 0, 0, 1, 1]) }

    /// [R, side, side, C].
    private func cut(_ regions: Tensor<S>, _ side: Int) -> Variable<S> {
        let pooling = head.specification.pooling
        let levels = regions.read { numbers in
            (0..<regions.shape[0]).map { row -> Int in
                let at = numbers + 5 * row
                return level(width: Double(at[3] - at[1]), height: Double(at[4] - at[2]))
            }
        }
        let used = Set(levels).sorted()
        let places = Dictionary(uniqueKeysWithValues: used.enumerated().map { ($1, $0) })
        return LayerPath.$current.withValue(RegionHead.path) {
            .regionsAligned(
                used.map { maps[$0] }, regions, levels: levels.map { places[$0] ?? 0 }, size: Pair(side),
                scales: used.map { 1 / Double(head.strides[$0]) }, samples: pooling.samples,
                aligned: pooling.aligned)
        }
    }

    /// The index of the map that a region of this size is cut out of.
    func level(width: Double, height: Double) -> Int {
        let specification = head.specification
        let side = max(0, width * height).squareRoot()
        let finest = Double(head.strides[0])
        // A region of `scale` pixels is read at stride 16, one of half the size at stride 8.
        let relative = side / specification.pooling.scale * (16 / finest)
        let exact =
            specification.style == .torchvision ? log2(relative) + 1e-6 : log2(relative + 1e-6)
        return Int(min(max(exact.rounded(.down), 0), Double(maps.count - 1)))
    }
}
