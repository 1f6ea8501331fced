import Autograd
import Distillation
import Layers
import Tensors

func isClose(_ a: Double, _ b: Double, _ tolerance: Double = 1e-9) -> Bool { abs(a - b) <= tolerance }

func emptyContext(labels: [Int32] = []) -> LossContext<Double> {
    LossContext(layers: .evaluation(ParameterStore(Scope().list, seed: 0)), labels: labels)
}

func tap(_ name: String, stride: Int, channels: Int, _ size: Int) -> FeatureTap {
    FeatureTap(name: name, stride: stride, channels: channels, height: size, width: size)
}

func normal(_ shape: Shape, _ purpose: String) -> Tensor<Double> {
    var random = Random(seed: 7, purpose: purpose)
    return .normal(shape, from: &random)
}
