import Autograd
import Layers
import Models
import Tensors
import TestSupport
import Testing

/// Gradients of a model in training mode, along random directions for the images and for the parameters, against central
/// differences in double precision; dropout draws the same channels every time. Differences of less than a millionth of
/// `scale` count for nothing.
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
        return zip(answer, cotangents).reduce(0) { $0 + innerProduct($1.0.value, $1.1) }
    }
    func slope(_ value: (Double) -> Double) -> Double {
        (value(-2 * step) - 8 * value(-step) + 8 * value(step) - value(2 * step)) / (12 * step)
    }
    let direction = Tensor<Double>.normal(images.shape, from: &random)
    let numeric = slope { value(images + direction.scaled(by: $0)) }
    let analytic = zip(try #require(tape.gradient(of: leaf)).array, direction.array).reduce(0) { $0 + $1.0 * $1.1 }
    #expect(abs(numeric - analytic) <= 1e-6 * max(scale, abs(numeric)), "images: \(analytic), expected \(numeric)")
    // Four parameters at a time, each of which would show: what is wrong is rarely wrong by less than a millionth.
    let entries = store.list.entries
    for first in stride(from: 0, to: entries.count, by: 4) {
        let group = entries[first..<min(first + 4, entries.count)]
        let places = group.flatMap { Array($0.offset..<$0.offset + $0.range.count) }
        let (old, direction) = (places.map { store.flat.pointer[$0] }, places.map { _ in random.normal() })
        func moved(_ step: Double) -> Double {
            for (i, place) in places.enumerated() { store.flat.pointer[place] = old[i] + step * direction[i] }
            defer { for (i, place) in places.enumerated() { store.flat.pointer[place] = old[i] } }
            return value(images)
        }
        let numeric = slope(moved)
        var analytic = 0.0
        for (i, place) in places.enumerated() { analytic += gradients.pointer[place] * direction[i] }
        #expect(
            abs(numeric - analytic) <= 1e-6 * max(scale, abs(numeric)),
            "\(group.map(\.name)): \(analytic), expected \(numeric)")
    }
}
