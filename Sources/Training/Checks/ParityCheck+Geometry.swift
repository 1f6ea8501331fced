import Checkpoints
import Tensors

extension ParityCheck {
    // GEOMETRY CASES GO HERE: those of boxes that no gradient goes through.
    /// Operations on boxes that are chosen or compared rather than learned.
    static func geometryCase(_ one: ParityCase<S>, into ours: inout ParityValues<S>) throws {
        throw one.fail("the operation \(one.operation) is not known")
    }
}
