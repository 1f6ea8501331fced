import Foundation
import Layers
import Reporting
import Tasks
import Tensors

/// Roughly how much memory a run will hold, from its model and batch sizes alone, before any of it is asked for. Fused
/// operations keep less than is counted here, attention keeps more: measured peaks lay between 0.6 and 2 times the figure.
package struct MemoryEstimate: Sendable {
    /// Bytes of weights, gradients, the optimizer's arrays, the moving average and the best weights.
    package let parameters: Int
    /// Bytes of the batches that wait and the one that is trained.
    package let batches: Int
    /// Bytes that a step keeps on the way forward for the way back.
    package let activations: Int

    package var bytes: Int { [Self.program, parameters, batches, activations].reduce(0) { $0.addingSaturating($1) } }

    /// What the program and its libraries take by themselves.
    private static let program = 60_000_000

    /// - Parameters:
    ///   - model: the model, whose values need not exist yet.
    ///   - trace: its shape pass at the size of the images.
    package init<Annotation>(
        _ recipe: Recipe, model: any FeatureModel, trace: ModelTrace.Node, data: PreparedData<Annotation>
    ) {
        let training = recipe.training
        let plan = data.plan
        let arrays =
            2 + recipe.optimizer.arrayCount + (recipe.optimizer.averages ? 1 : 0)
            + (data.splits.validation == nil ? 0 : 1)
        // The tree of slices keeps a gradient for each of its levels.
        let levels = training.slices.trailingZeroBitCount
        parameters = model.parameters.flatCount.multipliedSaturating(by: 4 * (arrays + levels))
        let image = (plan.height * plan.width * plan.channels).multipliedSaturating(by: 4)
        let waiting = training.loaderThreads + 2
        let size = min(training.batchSize, data.splits.train.count)
        let evaluated = min(
            training.evaluationBatchSize, data.splits.train.count)
        batches = image.multipliedSaturating(by: max(size, evaluated)).multipliedSaturating(by: waiting)
        // A layer's result is kept once; its gradient lives for a moment only.
        let (blocks, largest) = MemoryEstimate.blocks(trace)
        let kept = training.checkpointing ? blocks.addingSaturating(largest) : MemoryEstimate.outputs(trace)
        activations = kept.multipliedSaturating(by: 4).multipliedSaturating(by: training.pieces.largest(of: size))
    }

    /// Elements of the results of all layers for one image.
    private static func outputs(_ node: ModelTrace.Node) -> Int {
        node.children.isEmpty
            ? node.output.elementCount : node.children.reduce(0) { $0.addingSaturating(outputs($1)) }
    }

    /// Elements of the results of the innermost blocks, and of all layers of the largest one, which is computed again.
    private static func blocks(_ node: ModelTrace.Node) -> (results: Int, largest: Int) {
        if node.children.isEmpty { return (0, 0) }
        if node.children.contains(where: \.children.isEmpty) { return (node.output.elementCount, outputs(node)) }
        return node.children.map(blocks).reduce((0, 0)) { ($0.0.addingSaturating($1.results), max($0.1, $1.largest)) }
    }

    /// The memory that this process may use: the machine's, or what a control group or `ulimit -v` grants.
    package static var limit: Int {
        var limit = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        for path in ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"] {
            guard let text = try? String(contentsOfFile: path, encoding: .utf8),
                let bytes = Int(text.trimmingCharacters(in: .whitespacesAndNewlines)), bytes > 0
            else { continue }
            limit = min(limit, bytes)
        }
        #if canImport(Glibc)
            var space = rlimit()
            if getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &space) == 0 {
                limit = min(limit, Int(clamping: space.rlim_cur))
            }
        #endif
        return limit
    }

    /// Refuses what cannot fit even if the estimate is a third too high.
    /// - Returns: one sentence where it may become tight.
    /// - Throws: `RecipeError` with the figures and the keys that decide them.
    package func check(_ recipe: Recipe, limit: Int = Self.limit) throws -> String? {
        guard bytes > limit / 10 * 7 else { return nil }
        let advice =
            parameters >= max(batches, activations)
            ? "choose a smaller model" : "lower training.batchSize or data.imageSize, or raise training.accumulation"
        guard bytes / 4 * 3 > limit else {
            return
                "The run needs roughly \(text) of memory, and \(Self.text(limit)) are there; should it be ended for lack of "
                + "memory, \(advice)."
        }
        throw RecipeError(
            "the run needs about \(Self.text(bytes)) of memory (\(Self.text(parameters)) for the model and its optimizer, "
                + "\(Self.text(activations)) for what a step keeps, \(Self.text(batches)) for batches), but only "
                + "\(Self.text(limit)) are there; \(advice)")
    }

    /// The whole in words: `480 MB`, `12.5 GB`.
    package var text: String { Self.text(bytes) }

    static func text(_ bytes: Int) -> String {
        let megabytes = Double(bytes) / 1e6
        if megabytes < 1000 { return "\(Int(megabytes.rounded(.up))) MB" }
        if megabytes < 1e6 { return NumberText.fixed(megabytes / 1000, decimals: 1) + " GB" }
        return NumberText.grouped(Int(min(1e12, megabytes / 1000))) + " GB"
    }
}

extension Int {
    func multipliedSaturating(by other: Int) -> Int {
        let (product, isOver) = multipliedReportingOverflow(by: other)
        return isOver ? .max : product
    }

    func addingSaturating(_ other: Int) -> Int {
        let (sum, isOver) = addingReportingOverflow(other)
        return isOver ? .max : sum
    }
}
