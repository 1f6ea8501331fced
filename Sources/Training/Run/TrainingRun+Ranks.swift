import Checkpoints
import Datasets
import Distributed
import Foundation
import Layers
import Reporting
import Tasks
import Tensors

// What the ranks of a job must have in common, and what they decide together.
extension TrainingRun {
    /// Refuses ranks that would not end in the same bytes: other recipes, data, programs, kernels or first values.
    func checkAlike() throws {
        guard ranks.size > 1 else { return }
        let values = recipe.entries.filter { $0.kind == .value && !Recipe.harmless.contains($0.path) }
        try ranks.agree("the recipes", digest(values.map { "\($0.path): \($0.value)" }))
        try ranks.agree("the lists of images", listing())
        try ranks.agreeOnPrograms()
        try ranks.agree("the products of matrices", "\(recipe.training.precision.products)")
        try ranks.agree("the first weights", store.sha256)
    }

    /// The names of all images of all parts, as a checksum.
    private func listing() throws -> String {
        try ranks.together {
            let parts = [data.splits.train, data.splits.validation, data.splits.test].compactMap { $0 }
            return digest(parts.flatMap { part in ["\(part.count)"] + (0..<part.count).map { part.name($0) } })
        }
    }

    private func digest(_ lines: [String]) -> String {
        SHA256.hexadecimal(lines.map { Array(($0 + "\n").utf8) })
    }

    /// The signal that asked any of the ranks to stop.
    func agreedSignal() throws -> Int32? {
        guard ranks.size > 1 else { return StopRequest.pending }
        var message = ByteMessage()
        message.add(Int(StopRequest.pending ?? 0))
        let signals = try ranks.gatherToAll(message.bytes).map { bytes in
            var message = ByteMessage(bytes)
            return Int32(truncatingIfNeeded: message.integer())
        }
        return signals.first { $0 != 0 }
    }

    /// What this rank wishes for after the update that comes.
    func wishes(_ saver: PeriodicSave) -> StepWishes {
        StepWishes(
            signal: StopRequest.pending ?? (output.stopFile?.isThere == true ? SIGTERM : nil),
            isSaveDue: ranks.isRoot && saver.isDue(progress.update + 1, now: MonotonicClock.seconds()))
    }

    /// What happens after the update that was made: what was agreed on with it, or what this process alone wishes now.
    func decision(_ saver: PeriodicSave, now: Double) -> StepWishes {
        ranks.size > 1
            ? step.agreed
            : StepWishes(signal: StopRequest.pending, isSaveDue: saver.isDue(progress.update, now: now))
    }
}

extension ProcessGroup {
    /// Compares the programs and what their kernels and libraries work with: others may round otherwise.
    package func agreeOnPrograms() throws {
        try agree(
            "the programs",
            "\(ProgramVersion.current) with \(Build.instructionSet), oneDNN \(Build.oneDNNVersion) with "
                + "\(Build.oneDNNInstructionSet), FFTW \(Build.fftwVersion)")
    }
}
