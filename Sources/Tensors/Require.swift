/// Where in a model the current operation runs; layers set it so that a message can say whose operand is wrong.
public enum LayerPath {
    /// The layers that are being entered, from the outside in, with dots between them.
    @TaskLocal public static var current: String = ""

    /// Runs `body` inside the named part of the current layer.
    @inlinable
    public static func enter<R>(_ name: String, _ body: () throws -> R) rethrows -> R {
        try $current.withValue(current.isEmpty ? name : current + "." + name, operation: body)
    }
}

/// Stops the program when a rule that the caller must keep is broken, naming the operation, every operand's shape, the
/// rule and the layer. For mistakes in code; a user's mistake is thrown as an error instead.
@inlinable
package func require(
    _ condition: @autoclosure () -> Bool, _ operation: String, _ shapes: @autoclosure () -> [Shape],
    _ rule: @autoclosure () -> String
) {
    if !condition() { brokenRule(operation, shapes(), rule()) }
}

/// As above, for a rule that is not about operands.
@inlinable
package func require(_ condition: @autoclosure () -> Bool, _ operation: String, _ rule: @autoclosure () -> String) {
    if !condition() { brokenRule(operation, [], rule()) }
}

/// Stops with the message that `require` prints.
@usableFromInline
package func brokenRule(_ operation: String, _ shapes: [Shape], _ rule: String) -> Never {
    let operands = shapes.isEmpty ? "" : " of " + shapes.map(\.description).joined(separator: ", ")
    let place = LayerPath.current.isEmpty ? "" : " in \(LayerPath.current)"
    fatalError("\(operation)\(operands)\(place): \(rule)")
}
