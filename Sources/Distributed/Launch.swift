extension ProcessGroup {
    /// Joins the job that a launcher (`mpirun`, `srun`) has started this process for, through the MPI that is installed.
    /// Only the calling thread uses the group from then on, and the process must start no others.
    /// - Throws: `DistributedError` in one sentence where there is no launcher, no library, or where they do not fit.
    package static func join(_ variable: (String) -> String? = Host.variable) throws -> ProcessGroup {
        guard let launcher = Launcher(variable) else {
            let slurm =
                variable("SLURM_PROCID") == nil
                ? "" : "; srun needs --mpi=pmix or --mpi=pmi2, `srun --mpi=list` shows what it has"
            throw DistributedError(
                "no launcher has started this process; start it with `mpirun -n 4 ...` or `srun --mpi=pmix -n 4 ...`\(slurm)"
            )
        }
        let library = try MPILibrary.find(for: launcher, variable)
        let transport = try MPITransport(library)
        if transport.size == 1, launcher.hasSeveralRanks {
            transport.close()
            throw library.mismatch(launcher)
        }
        return try ProcessGroup(transport, patience: .fromEnvironment(variable))
    }
}
