import Autograd
import Layers
import Tensors

extension Model {
    /// The answer alone. In bfloat16 a classifier is asked about some images after the other, so many that their maps stay in a
    /// cache: time is less, and memory that of these images. In single precision all go through together, as in versions before
    /// there was another: the norm of narrow rows has other last digits where a map starts elsewhere.
    public func answer<S: Scalar>(_ images: Tensor<S>, _ store: ParameterStore<S>) -> ModelOutput<S> {
        let context = Context.evaluation(store)
        let (count, most) = (images.shape[0], imagesTogether(height: images.shape[1], width: images.shape[2]))
        guard ProductPrecision.current == .bfloat16, head is ClassificationHead, count > most else {
            return answer(Variable(images), context)
        }
        let parts = (count + most - 1) / most
        let size = images.elementCount / count
        let logits = Tensor<S>([count, classes]) { target in
            for part in 0..<parts {
                let range = part * count / parts..<(part + 1) * count / parts
                let some = Tensor(
                    storage: images.storage, offset: images.offset + range.lowerBound * size,
                    shape: images.shape.replacing(axis: 0, with: range.count))
                self(Variable(some), context).logits.value.read {
                    (target + range.lowerBound * classes).update(from: $0, count: range.count * classes)
                }
            }
        }
        return ModelOutput(logits: Variable(logits), features: [])
    }

    /// The backbone's `tokenLayer`, where the head reads the class token.
    package var tokenLayer: String? { head is ClassificationHead ? backbone.tokenLayer : nil }

    /// Images whose largest maps, and what is made on the way from one to the next, take about `cache` bytes; few images leave
    /// products too few rows.
    private func imagesTogether(height: Int, width: Int) -> Int {
        let cache = 1 << 24
        let taps = (try? backbone.specification.taps(height: height, width: width)) ?? []
        let largest = taps.map { $0.height * $0.width * $0.channels }.max() ?? 0
        return max(4, cache / max(1, 4 * 6 * largest))
    }
}
