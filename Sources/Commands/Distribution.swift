import ArgumentParser
import Distributed
import Foundation
import Reporting
import Tensors
import Training

/// The option with which the processes that a launcher started share one run.
struct Distribution: ParsableArguments {
    @Flag(
        help: ArgumentHelp(
            "Share the run with the other processes that mpirun or srun has started; they divide training.slices, and their "
                + "number changes no byte."))
    var distributed = false

    /// Does the work of a command, shared with the other ranks where that is asked for.
    ///
    /// An error that all ranks meet is told by rank 0. One that a single rank meets ends the job; the others would wait for
    /// that rank.
    func run(_ body: () throws -> Void) throws {
        guard distributed else {
            if let sentence = Launcher.undeclared() { throw ValidationError(sentence) }
            return try body()
        }
        let ranks = try ProcessGroup.join()
        do { try ProcessGroup.$current.withValue(ranks, operation: body) } catch {
            try Self.end(ranks, error)
        }
        try ranks.close()
    }

    private static func end(_ ranks: ProcessGroup, _ error: any Error) throws -> Never {
        if let stop = error as? Interrupted {
            // All stop after the same update, so all come here.
            guard ranks.leave(after: ranks.common(stop)) else { throw ExitCode(stop.exitCode) }
            throw stop
        }
        // Where all have the same to tell and nobody knows, rank 0 has the first word, and ends the others with it.
        if !ranks.isRoot { Thread.sleep(forTimeInterval: 1) }
        guard ranks.leave(after: error) else { throw ExitCode.failure }
        throw error
    }
}

extension Console {
    /// One that says nothing, of ranks that leave it to rank 0.
    static var silent: Console {
        let nowhere = Terminal { _ in }
        return Console(output: nowhere, errors: nowhere)
    }

    /// The terminal of rank 0, and nothing on the others.
    static var ofRoot: Console { ProcessGroup.current.isRoot ? Console() : .silent }
}

extension TrainingSection {
    /// Takes as many threads as this rank may use, unless the recipe says how many.
    /// - Returns: what all ranks together work with, nil for a process that works alone.
    mutating func shareProcessors() throws -> String? {
        let ranks = ProcessGroup.current
        guard ranks.size > 1 else { return nil }
        let shared = try ranks.shareProcessors(asked: threads)
        threads = shared.threads
        return shared.line
    }
}
