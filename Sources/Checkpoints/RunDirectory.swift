import RunLayout

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// The folder of one run, held by one process at a time.
///
/// A hidden file `.hornbeam` marks the folder as ours and carries the lock, which the system drops with the process.
public final class RunDirectory: Sendable {
    /// What to do about a run that is already there.
    public enum Mode: Sendable {
        /// Refuse it.
        case new
        /// Continue it; where there is none, start one.
        case resume
        /// Remove its files, and nothing else, then start afresh.
        case overwrite
    }

    /// The folder.
    public let path: String
    /// Whether there was no run in the folder before, or it was overwritten.
    public let isFresh: Bool
    private let lock: Int32

    /// The configuration as it was read.
    public var config: String { inside(RunFiles.configuration) }
    /// Which program made the run.
    public var about: String { inside(RunFiles.about) }
    /// A line of JSON per epoch.
    public var metrics: String { inside(RunFiles.metrics) }
    /// What the run came to.
    public var summary: String { inside(RunFiles.summary) }
    /// The weights after the last epoch.
    public var lastWeights: String { inside(RunFiles.lastWeights) }
    /// The weights of the best epoch.
    public var bestWeights: String { inside(RunFiles.bestWeights) }
    /// Of a run in stages, counted from 1.
    public func stageWeights(_ stage: Int) -> String { inside(RunFiles.stageWeights(stage)) }
    /// After an epoch, counted from 1.
    public func epochWeights(_ epoch: Int) -> String { inside(RunFiles.epochWeights(epoch)) }
    /// How the arms of a distillation compare.
    public var comparison: String { inside(RunFiles.comparison) }
    /// The order of the teachers.
    public var order: String { inside(RunFiles.order) }
    /// What the stages came to.
    public var stages: String { inside(RunFiles.stages) }
    /// The average of the weights.
    public var averageWeights: String { inside(RunFiles.averageWeights) }
    /// The folder of saved states.
    public var state: String { inside(RunFiles.state) }
    /// What was known when a number was not finite.
    public var postMortem: String { inside(RunFiles.postMortem) }
    /// What the report is made of, and the page itself.
    public var report: String { inside(RunFiles.report) }
    /// The page of the run.
    public var reportPage: String { inside(RunFiles.reportPage) }
    /// Event files.
    public var tensorBoard: String { inside(RunFiles.tensorBoard) }

    private func inside(_ name: String) -> String { path + "/" + name }

    private static let mark = ".hornbeam"

    /// Opens or creates the folder, with `weights/` in it, and locks it until the value goes.
    /// - Throws: `CheckpointError` when it holds a run that the mode does not expect, when it holds files that are not a
    ///   run's, when another process trains in it, or when it cannot be written.
    public init(_ path: String, mode: Mode) throws {
        try Self.check(path, mode: mode)
        try System.makeFolder(path)
        let descriptor = try System.openFile(path + "/" + Self.mark, "write the file", O_RDWR | O_CREAT)
        do {
            if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
                throw CheckpointError(path, "another process is training in this folder, wait for it or choose another")
            }
            // Once more, now that no other process can be at work in it.
            try Self.check(path, mode: mode)
            var isFresh = !Self.holdsRun(path)
            if mode == .overwrite, !isFresh {
                try Self.removeRun(path)
                isFresh = true
            }
            try System.makeFolder(path + "/" + RunFiles.weights)
            self.isFresh = isFresh
        } catch {
            close(descriptor)
            throw error
        }
        self.path = path
        self.lock = descriptor
    }

    deinit { close(lock) }

    /// Refuses what `init` would refuse about the folder's contents, and changes nothing.
    public static func check(_ path: String, mode: Mode) throws {
        guard !path.isEmpty else { throw CheckpointError(path, "the name is empty, expected one for the run's folder") }
        switch System.kind(path, followingLinks: true) {
        case nil: return
        case .folder: break
        default: throw CheckpointError(path, "expected a folder for the run, found a file")
        }
        if let kind = System.kind(path + "/" + mark, followingLinks: true), kind != .file {
            throw CheckpointError(path + "/" + mark, "expected a file")
        }
        let names = try System.names(in: path).filter { !$0.hasPrefix(".") }
        if System.kind(path + "/" + mark) == nil, !names.isEmpty {
            // A copy of a run often comes without its hidden files; continuing it removes nothing.
            if mode == .resume, names.contains(RunFiles.configuration), names.contains(RunFiles.state) { return }
            throw CheckpointError(
                path, "the folder holds files that are not a run's, such as \(names[0]), choose another output folder")
        }
        if mode == .new, holdsRun(path) {
            throw CheckpointError(
                path, "already holds a run, continue it with --resume or replace it with --overwrite")
        }
    }

    private static func holdsRun(_ path: String) -> Bool {
        (RunFiles.all + [RunFiles.state]).contains { System.kind(path + "/" + $0) != nil }
    }

    private static func removeRun(_ path: String) throws {
        // In this order a removal that is cut short leaves a run to continue or none, never one that looks finished.
        try System.remove(path + "/" + RunFiles.summary)
        let state = path + "/" + RunFiles.state
        if System.kind(state) == .folder {
            for generation in try System.names(in: state).filter(StateStore.isGeneration).reversed() {
                let folder = state + "/" + generation
                guard StateStore.isOurs(folder) else { continue }
                try System.remove(folder + "/manifest.json")
                for name in try System.names(in: folder) { try System.remove(folder + "/" + name) }
                try System.remove(folder)
            }
            if try System.names(in: state).isEmpty { try System.remove(state) }
        } else {
            try System.remove(state)
        }
        try removeEvents(path + "/" + RunFiles.tensorBoard)
        let folder = path + "/" + RunFiles.weights
        let numbered =
            System.kind(folder) == .folder ? try System.names(in: folder).filter(RunFiles.isNumberedWeights) : []
        for file in RunFiles.all.map({ path + "/" + $0 }) + numbered.map({ folder + "/" + $0 }) {
            try System.remove(file)
            try System.remove(AtomicFile.temporaryPath(file))
        }
        // Its files are gone; what a person put there stays.
        if System.kind(path + "/" + RunFiles.report) == .folder,
            try System.names(in: path + "/" + RunFiles.report).isEmpty
        {
            try System.remove(path + "/" + RunFiles.report)
        }
    }

    private static func removeEvents(_ folder: String) throws {
        guard System.kind(folder) == .folder else { return }
        for name in try System.names(in: folder) where name.hasPrefix("events.out.tfevents.") {
            try System.remove(folder + "/" + name)
        }
        if try System.names(in: folder).isEmpty { try System.remove(folder) }
    }
}
