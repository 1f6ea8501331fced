import Autograd
import Tensors

extension Operation {
    /// Which anchors and regions are of which object: computed without a tape, and no layer's.
    static let assignment = Operation("assignment")
}

extension Variable {
    /// 0, with a gradient of 0: the loss of what nothing is asked of.
    var nothing: Variable { sum().scaled(by: 0) }

    /// The sum of several; there is one at least.
    static func total(_ parts: [Variable]) -> Variable {
        parts.dropFirst().reduce(parts[0]) { $0 + $1 }
    }
}
