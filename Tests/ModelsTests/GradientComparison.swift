import Autograd
import Layers
import Models
import Tensors
import Testing

/// Gradients of a model in training mode, along a random direction for the images and for each parameter, against central
/// differences in double precision; dropout draws the same channels every time. Differences of less than a millionth of `scale` count for nothing.
func checkGradients(
    _ specification: ModelSpecification, height: Int, width: Int, step: Double = 2e-7, scale: Double = 1
) throws {
    let model = try specification.makeModel(height: height, width: width)
    let store = ParameterStore<Double>(model.parameters, seed: 1)
    store.redraw(seed: 2)
    var random = Random(seed: 3, purpose: "check")
    let images = Tensor<Double>.normal([2, height, width, specification.inputChannels], from: &random)
    let key = RandomKey(seed: 4, purpose: "step")
    let tape = Tape<Double>()
    let context = Context(store, mode: .training, tape: tape, random: key)
    let leaf = tape.leaf(images)
    let answer = model(leaf, context).answer
    let cotangents = answer.map { Tensor<Double>.normal($0.shape, from: &random) }
    tape.backward(from: zip(answer, cotangents).map { ($0, $1) })
    let gradients = Storage<Double>(count: store.list.flatCount)
    #expect(context.collectGradients(into: gradients) == [])
    func value(_ images: Tensor<Double>) -> Double {
        let answer = model(Variable(images), Context(store, mode: .training, random: key)).answer
        return zip(answer, cotangents).reduce(0) { sum, pair in
            zip(pair.0.value.array, pair.1.array).reduce(sum) { $0 + $1.0 * $1.1 }
        }
    }
    func slope(_ value: (Double) -> Double) -> Double {
        (value(-2 * step) - 8 * value(-step) + 8 * value(step) - value(2 * step)) / (12 * step)
    }
    let direction = Tensor<Double>.normal(images.shape, from: &random)
    let numeric = slope { value(images + direction.scaled(by: $0)) }
    let analytic = zip(try #require(tape.gradient(of: leaf)).array, direction.array).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(numeric - analytic) <= 1e-6 * max(scale, abs(numeric)), "images: \(analytic), expected \(numeric)")
    for entry in store.list.entries {
        let target = store.flat.pointer + entry.offset
        let old = (0..<entry.range.count).map { target[$0] }
        let direction = old.map { _ in random.normal() }
        func moved(_ step: Double) -> Double {
            for i in old.indices { target[i] = old[i] + step * direction[i] }
            defer { for i in old.indices { target[i] = old[i] } }
            return value(images)
        }
        let numeric = slope(moved)
        let analytic = direction.indices.reduce(0) { $0 + gradients.pointer[entry.offset + $1] * direction[$1] }
        #expect(
            abs(numeric - analytic) <= 1e-6 * max(scale, abs(numeric)),
            "\(entry.name): \(analytic), expected \(numeric)")
    }
}
