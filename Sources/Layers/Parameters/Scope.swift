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
    public subscript(_ index: Int) -> Scope { self[String(index)] }

    /// Everything declared so far.
    public var list: ParameterList { builder.list }

    public func parameter(
        _ name: String, _ shape: Shape, layout: ParameterLayout = .plain, role: ParameterRole,
        initializer: Initializer
    ) -> Parameter {
        builder.list.add(join(name), shape, layout, role, initializer)
    }

    public func buffer(_ name: String, _ shape: Shape, initial: Double, isInteger: Bool = false) -> BufferHandle {
        builder.list.addBuffer(join(name), shape, initial: initial, isInteger: isInteger)
    }

    private func join(_ name: String) -> String { path.isEmpty ? name : path + "." + name }
}
