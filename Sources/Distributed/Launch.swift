extension ProcessGroup {
    /// Joins the job that a launcher (`mpirun`, `srun`) has started this process for, through the MPI that is installed.
    /// - Throws: `DistributedError` in one sentence where there is no launcher, no library, or where they do not fit.
    package static func join() throws -> ProcessGroup { fatalError("not yet") }

    /// One sentence where a launcher has started this process although it was not asked to work with others, which
    /// would be the same run many times in one folder; nil where all is well.
    package static var undeclaredLauncher: String? { fatalError("not yet") }

    /// The threads that this rank may use, processors shared by ranks of one machine being divided among them, and the
    /// line that says so: "4 ranks x 8 threads on 2 machines".
    package func shareProcessors() throws -> (threads: Int, line: String) { fatalError("not yet") }
}
