import Autograd
import Tensors
import Testing

/// Gradients of results on the way, which walks otherwise let go.
@Suite struct KeptGradientTests {
    private let x = Tensor<Double>([2, 2], [1, -2, 3, 0.5])

    @Test func theGradientOfAResultIsThatOfALeafInItsPlace() throws {
        let tape = Tape<Double>()
        let middle = tape.leaf(x) * tape.leaf(x)
        tape.keepGradient(of: middle)
        // An elementwise function computes its gradient in the place of the result's where nobody else has it.
        tape.backward(from: (middle.map(.gelu) * middle).sum())
        let kept = try #require(tape.gradient(of: middle))

        let other = Tape<Double>()
        let leaf = other.leaf(middle.value)
        other.backward(from: (leaf.map(.gelu) * leaf).sum())
        #expect(kept.array == other.gradient(of: leaf)?.array)
    }

    @Test func keepingChangesNoOtherGradient() {
        func gradient(keeping: Bool) -> [Double]? {
            let tape = Tape<Double>()
            let leaf = tape.leaf(x)
            let middle = leaf.map(.gelu)
            if keeping { tape.keepGradient(of: middle) }
            tape.backward(from: (middle.map(.gelu) * leaf).sum())
            return tape.gradient(of: leaf)?.array
        }
        #expect(gradient(keeping: true) == gradient(keeping: false))
    }

    @Test func resultsAreKeptByTheirPlace() throws {
        let tape = Tape<Double>()
        tape.keepsResults = { _, path in path == "here" }
        let leaf = tape.leaf(x)
        let middle = LayerPath.$current.withValue("here") { leaf.map(.gelu) }
        let end = LayerPath.$current.withValue("there") { middle.map(.gelu) }
        tape.backward(from: end.sum())
        #expect(tape.keptResults.map(\.value.array) == [middle.value.array])
        #expect(tape.gradient(of: try #require(tape.keptResults.first)) != nil)
    }
}
