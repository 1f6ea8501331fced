import Autograd
import Layers
import Tensors

extension ModelOutput {
    /// The answer to one image of the batch, as if it had been alone.
    func image(_ row: Int) -> ModelOutput {
        let own = answer.map { part -> Variable<S> in
            // What is not of images, such as a learned factor, is the same for all.
            guard part.shape.rank == 4 else { return part.detached }
            let size = part.shape.elementCount / part.shape[0]
            return Variable(
                Tensor(part.shape.replacing(axis: 0, with: 1)) { output in
                    part.value.read { output.update(from: $0 + row * size, count: size) }
                })
        }
        return ModelOutput(answer: own, features: [], regions: regions.map { RegionsOfImage(row: row, base: $0) })
    }
}

/// What a head says about the regions of one image of a batch.
private struct RegionsOfImage<S: Scalar>: RegionAnswers {
    let row: Int
    let base: any RegionAnswers<S>

    var stages: Int { base.stages }

    func boxes(_ regions: Tensor<S>, stage: Int) -> (classes: Variable<S>, deltas: Variable<S>) {
        base.boxes(moved(regions), stage: stage)
    }

    func masks(_ regions: Tensor<S>, stage: Int) -> Variable<S>? { base.masks(moved(regions), stage: stage) }

    /// The regions as those of the image's row of the batch.
    private func moved(_ regions: Tensor<S>) -> Tensor<S> {
        Tensor(regions.shape) { output in
            regions.read { output.update(from: $0, count: regions.shape.elementCount) }
            for index in 0..<regions.shape[0] { output[5 * index] = S(row) }
        }
    }
}
