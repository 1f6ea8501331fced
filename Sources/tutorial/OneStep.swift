import Autograd
import Layers
import Tensors

/// One step of training by hand: a linear layer learns that 1 + 2 x is wanted.
/// - Returns: the losses before and after it.
func oneStep() -> (before: Double, after: Double) {
    // Layers make parameters and hold handles on them; the values lie in a store, flat and in either precision.
    let scope = Scope()
    let layer = Linear(scope["layer"], inputs: 1, outputs: 1)
    let store = ParameterStore<Float>(scope.list, seed: 0)
    let gradients = Storage<Float>(count: scope.list.flatCount)
    let inputs = Tensor<Float>([4, 1], [-1, 0, 1, 2])
    let targets = Tensor<Float>([4, 1], [-1, 1, 3, 5])

    func loss(_ context: Context<Float>) -> Variable<Float> {
        // Every operation computes its result and enters itself into the tape, if there is one.
        (layer(Variable(inputs), context) - Variable(targets)).squared().mean()
    }

    let tape = Tape<Float>()
    let context = Context(store, mode: .training, tape: tape)
    let before = loss(context)
    tape.backward(from: before)  // in reverse order; what an operation kept is released once it was used
    _ = context.collectGradients(into: gradients)

    // An optimizer is a pass over flat buffers; this is the simplest one.
    for index in 0..<store.flat.count { store.flat.pointer[index] -= 0.1 * gradients.pointer[index] }
    return (Double(before.value.item), Double(loss(.evaluation(store)).value.item))
}
