import Autograd
import Foundation
import Layers
import Tensors

extension ClassificationTask {
    /// Logits [N, classes] whose probabilities are the means of both answers' ones.
    public func averaged(_ output: ModelOutput<Float>, _ mirrored: ModelOutput<Float>) -> ModelOutput<Float>? {
        // What measures divides logits by the temperature, so the means are of probabilities with it.
        let heat = Float(temperature)
        let probabilities = [output, mirrored].map { output in
            (heat == 1 ? output.logits : output.logits.scaled(by: 1 / heat)).softmax().value
        }
        let shape = probabilities[0].shape
        let logits = Tensor<Float>(shape) { result in
            probabilities[0].read { first in
                probabilities[1].read { second in
                    for index in 0..<shape.elementCount {
                        result[index] = heat * log(max((first[index] + second[index]) / 2, 1e-30))
                    }
                }
            }
        }
        return ModelOutput(logits: Variable(logits), features: [])
    }
}
