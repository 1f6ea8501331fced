// Heads: the graph of each head, one file for each.

import Models

/// A kind of head that can be exported: its specification adds the head to a graph.
public protocol HeadGraph: HeadSpecification {
    /// Mirrors the forward pass of the `Head`, node by node.
    /// - Returns: what comes out of the graph, each under the name that its last node was given.
    /// - Throws: `ExportError` when the state dict lacks something or holds something else.
    func graph(_ builder: inout GraphBuilder, _ features: GraphFeatures) throws -> [GraphValue]
}
