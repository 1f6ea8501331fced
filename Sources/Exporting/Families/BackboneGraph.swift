// Families: the graph of each family's backbone, one file for each.

import Models

/// A family whose models can be exported: its specification adds the backbone to a graph. Conforming is all there is to
/// do, in this package as in a program of one's own; a family that does not conform is refused in one sentence.
public protocol BackboneGraph: BackboneSpecification {
    /// Mirrors the forward pass of the family's `Backbone`, node by node.
    /// - Parameter images: [N, C, H, W].
    /// - Returns: the maps at the taps, finest first.
    /// - Throws: `ExportError` when the state dict lacks something or holds something else.
    func graph(_ builder: inout GraphBuilder, _ images: FeatureMap) throws -> GraphFeatures
}

/// The maps in a graph, on their way from the backbone through the neck to the head.
public struct GraphFeatures: Sendable {
    /// One for each tap, finest first.
    public var maps: [FeatureMap]
    /// The name of the class token [N, channels] that belongs to the last map, where the model has one.
    public var token: String?
    /// What a classifier's pooling is called in the graph.
    public var poolName: String

    /// Maps, finest first, and the class token where there is one.
    public init(maps: [FeatureMap], token: String? = nil, poolName: String = "pool") {
        self.maps = maps
        self.token = token
        self.poolName = poolName
    }
}
