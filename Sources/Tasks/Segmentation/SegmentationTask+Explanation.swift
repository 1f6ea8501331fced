import Layers
import Tensors

// What of a segmenter's answer is explained: a class, over the places where the model sees it.
extension SegmentationTask {
    /// The mean score of the class over the places that are given to it (Vinogradova et al., arXiv 2002.11434), by default of
    /// the class with the most places; over all places where it is given none.
    public func explained(_ output: ModelOutput<Float>, classes: [Int]?) -> ExplainedAnswer? {
        let scores = output.answer[0].value
        let (images, count) = (scores.shape[0], scores.shape.columns)
        let answers = scores.reshaped([scores.shape.rows, count]).argmax()
        let places = answers.count / max(1, images)
        var chosen: [Int] = []
        let weights = Tensor<Float>(scores.shape) { out in
            out.initialize(repeating: 0, count: scores.elementCount)
            for image in 0..<images {
                let own = image * places..<(image + 1) * places
                var counts = [Int](repeating: 0, count: count)
                for place in own { counts[answers[place]] += 1 }
                let most = counts.indices.reduce(0) { counts[$1] > counts[$0] ? $1 : $0 }
                let index = classes?[image] ?? most
                chosen.append(index)
                let share = 1 / Float(counts[index] > 0 ? counts[index] : places)
                for place in own where answers[place] == index || counts[index] == 0 {
                    out[place * count + index] = share
                }
            }
        }
        return ExplainedAnswer(classes: chosen, weights: weights)
    }
}
