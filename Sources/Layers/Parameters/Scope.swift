import Tensors

/// Where a layer declares its parameters: a dotted path and the list they go into. A model's initialiser makes one
/// scope, hands parts of it to its layers, and takes the finished list.
public struct Scope {
    private final class Builder {
        var list = ParameterList()
    }

    private let builder: Builder
    /// The dotted name of the layer, "stages.0.1.norm1".
    public let path: String

    /// The root of a new list.
    public init() {
        builder = Builder()
        path = ""
    }

    /// A scope that goes on with a finished list: handles into that list stay valid, and what is declared now follows it.
    public init(extending list: ParameterList) {
        builder = Builder()
        builder.list = list
        path = ""
    }

    private init(_ builder: Builder, _ path: String) {
        self.builder = builder
        self.path = path
    }

    /// The scope of a part of this layer.
    public subscript(_ name: String) -> Scope { Scope(builder, join(name)) }
    /// The scope of a numbered part of this layer.
    public subscript(_ index: Int) -> Scope { self[String(index)] }

    /// Everything declared so far.
    public var list: ParameterList { builder.list }

    /// Declares a parameter.
    /// - Parameters:
    ///   - name: its last word, unique in this scope.
    ///   - shape: in our layout.
    ///   - layout: how files hold it.
    ///   - role: what it does.
    ///   - initializer: how its first values are drawn, by seed and full name.
    public func parameter(
        _ name: String, _ shape: Shape, layout: ParameterLayout = .plain, role: ParameterRole,
        initializer: Initializer
    ) -> Parameter {
        builder.list.add(join(name), shape, layout, role, initializer)
    }

    /// Declares a value that is not trained, such as a running mean; `initial` fills it, also where it is optional and a
    /// file lacks it.
    public func buffer(
        _ name: String, _ shape: Shape, initial: Double, isInteger: Bool = false, isOptional: Bool = false
    ) -> BufferHandle {
        builder.list.addBuffer(join(name), shape, initial: initial, isInteger: isInteger, isOptional: isOptional)
    }

    /// Holds the factors and offsets of all batch norms declared so far: a store does not train them.
    package func holdNorms() { builder.list.holdNorms() }

    /// Holds a parameter that was declared: a store does not train it.
    package func hold(_ parameter: Parameter) { builder.list.hold(parameter) }

    private func join(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
}
