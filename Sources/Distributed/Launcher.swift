/// The program that started this process as one of several, as far as the environment tells.
package struct Launcher: Equatable, Sendable {
    package enum Kind: Sendable {
        /// `mpirun` of Open MPI.
        case openMPI
        /// One that speaks PMI: `mpirun` of MPICH, Intel MPI and MVAPICH, and `srun --mpi=pmi2`.
        case pmi
        /// One that speaks PMIx without being Open MPI's: `srun --mpi=pmix`, `prterun`.
        case pmix
    }

    package let kind: Kind
    /// The rank and the number of ranks, where it tells them.
    package let rank: Int?
    package let size: Int?

    /// Looks for a launcher. Variables of SLURM alone are no sign of one: interactive shells have them as well.
    /// - Returns: nil where this process was started by itself.
    package init?(_ variable: (String) -> String? = Host.variable) {
        func number(_ names: String...) -> Int? {
            for name in names { if let value = variable(name).flatMap({ Int($0) }) { return value } }
            return nil
        }
        if let size = number("OMPI_COMM_WORLD_SIZE") {
            (kind, rank, self.size) = (.openMPI, number("OMPI_COMM_WORLD_RANK"), size)
        } else if let rank = number("PMI_RANK", "PMI_ID", "MV2_COMM_WORLD_RANK") {
            (kind, self.rank, size) = (.pmi, rank, number("PMI_SIZE", "MV2_COMM_WORLD_SIZE"))
        } else if let rank = number("PMIX_RANK") {
            // PMIx tells the size to those who ask it; in a step of SLURM it is a variable, too.
            (kind, self.rank, size) = (.pmix, rank, number("SLURM_STEP_NUM_TASKS", "SLURM_NTASKS"))
        } else {
            return nil
        }
    }

    /// Its name in messages.
    package var name: String {
        let ranks = size.map { $0 == 1 ? " for 1 rank" : " for \($0) ranks" } ?? ""
        return kindName + ranks
    }

    private var kindName: String {
        switch kind {
        case .openMPI: "the launcher of Open MPI"
        case .pmi: "a launcher with PMI (MPICH, Intel MPI, MVAPICH or srun)"
        case .pmix: "a launcher with PMIx (srun or prterun)"
        }
    }

    /// Whether there are certainly several ranks.
    package var hasSeveralRanks: Bool { size.map { $0 > 1 } ?? (rank.map { $0 > 0 } ?? false) }

    /// One sentence where a launcher has started several ranks that were not asked to work together: each would make
    /// the same run in the same folder.
    package static func undeclared(_ variable: (String) -> String? = Host.variable) -> String? {
        guard let launcher = Launcher(variable), launcher.hasSeveralRanks else { return nil }
        return
            "this is rank \(launcher.rank ?? 0) of \(launcher.name), and each rank would write the same run; give "
            + "--distributed so that they share it, or start the program without a launcher"
    }
}
