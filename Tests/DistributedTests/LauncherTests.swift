import Distributed
import Testing

@Suite struct LauncherTests {
    private func launcher(_ environment: [String: String]) -> Launcher? { Launcher { environment[$0] } }

    @Test func openMPIsLauncherIsKnownByItsVariables() {
        let found = launcher(["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "2", "PMIX_RANK": "2"])
        #expect(found?.kind == .openMPI)
        #expect(found?.size == 4)
        #expect(found?.rank == 2)
        #expect(found?.name == "the launcher of Open MPI for 4 ranks")
    }

    @Test func launchersWithPMIAreKnown() {
        let found = launcher(["PMI_RANK": "0", "PMI_SIZE": "8"])
        #expect(found?.kind == .pmi)
        #expect(found?.size == 8)
        let slurm = launcher(["PMIX_RANK": "1", "SLURM_STEP_NUM_TASKS": "3", "SLURM_NTASKS": "6"])
        #expect(slurm?.kind == .pmix)
        #expect(slurm?.size == 3)
    }

    /// A shell that salloc opened has them, too.
    @Test func variablesOfSlurmAloneAreNoSign() {
        let environment = ["SLURM_PROCID": "3", "SLURM_NTASKS": "4", "SLURM_JOB_ID": "17"]
        #expect(launcher(environment) == nil)
        #expect(Launcher.undeclared { environment[$0] } == nil)
    }

    @Test func severalRanksThatWereNotAskedForAreRefused() {
        let several = ["OMPI_COMM_WORLD_SIZE": "4", "OMPI_COMM_WORLD_RANK": "2"]
        #expect(
            Launcher.undeclared { several[$0] }
                == "this is rank 2 of the launcher of Open MPI for 4 ranks, and each rank would write the same run; give "
                + "--distributed so that they share it, or start the program without a launcher")
        let one = ["OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"]
        #expect(Launcher.undeclared { one[$0] } == nil)
        #expect(Launcher.undeclared { _ in nil } == nil)
        #expect(Launcher.undeclared { $0 == "PMIX_RANK" ? "1" : nil } != nil)
    }

    private func sentence(_ environment: [String: String]) -> String {
        do {
            _ = try ProcessGroup.join { environment[$0] }
            return "joined"
        } catch { return "\(error)" }
    }

    @Test func withoutALauncherItIsSaidHowToStart() {
        #expect(sentence([:]).hasPrefix("no launcher has started this process; start it with `mpirun -n 4"))
        #expect(!sentence([:]).contains("SLURM"))
        #expect(sentence(["SLURM_PROCID": "0"]).contains("srun needs --mpi=pmix or --mpi=pmi2"))
    }

    @Test func aLibraryThatIsNamedMustBeOne() {
        let launched = ["PMI_RANK": "0", "PMI_SIZE": "2"]
        let absent = sentence(launched.merging(["HORNBEAM_MPI": "/nowhere/libmpi.so"]) { $1 })
        #expect(absent.hasPrefix("HORNBEAM_MPI=/nowhere/libmpi.so cannot be loaded, "))
        #if os(Linux)
            let other = sentence(launched.merging(["HORNBEAM_MPI": "libm.so.6"]) { $1 })
            #expect(
                other
                    == "HORNBEAM_MPI=libm.so.6: it has no function MPI_Init_thread, so it is no MPI library of version 3 or later"
            )
        #endif
    }

    @Test func longVersionTextsAreShortened() {
        #expect(
            MPILibrary.shortened(
                "MPICH Version: 4.0.2 MPICH Release date: Thu Apr 7 12:34:45 CDT 2022 MPICH ABI: 14:2:2")
                == "MPICH 4.0.2")
        #expect(MPILibrary.shortened("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4") == "Open MPI v4.1.4")
        #expect(
            MPILibrary.shortened("Intel(R) MPI Library 2021.13 for Linux* OS")
                == "Intel(R) MPI Library 2021.13 for Linux* OS")
        #expect(MPILibrary.family("Intel(R) MPI Library 2021.13 for Linux* OS") == .mpich)
        #expect(MPILibrary.family("Open MPI v6.0.0") == .openMPI)
        #expect(MPILibrary.family("Another MPI 1.0") == .other)
    }
}
