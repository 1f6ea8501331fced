// Necks: the graph of each neck, one file for each.

import Models

/// A kind of neck that can be exported: its specification adds the neck to a graph.
public protocol NeckGraph: NeckSpecification {
    /// Mirrors the forward pass of the `Neck`, node by node.
    /// - Returns: the neck's maps, finest first.
    /// - Throws: `ExportError` when the state dict lacks something or holds something else.
    func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> GraphFeatures
}
