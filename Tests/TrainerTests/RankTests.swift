import Foundation
import Testing

extension Program {
    /// Ranks that a launcher starts. Those of an MPI that is not installed are left out.
    @Suite struct Ranks {
        private static func path(of launcher: String) -> String? {
            let folders = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
            return folders.map { "\($0)/\(launcher)" }.first { FileManager.default.isExecutableFile(atPath: $0) }
        }

        /// What the program prints as a rank.
        private func launch(_ launcher: String, _ options: [String], ranks: Int, library: String? = nil) throws -> (
            code: Int32, output: Data, errors: String
        ) {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: try #require(Self.path(of: launcher)))
            let trainer = try #require(Workplace.trainer, "the trainer was not built beside the tests")
            process.arguments = options + ["-n", "\(ranks)", trainer, "doctor", "--distributed", "--json"]
            var environment = ProcessInfo.processInfo.environment
            environment["OMPI_ALLOW_RUN_AS_ROOT"] = "1"
            environment["OMPI_ALLOW_RUN_AS_ROOT_CONFIRM"] = "1"
            environment["HORNBEAM_MPI"] = library
            process.environment = environment
            let folder = NSTemporaryDirectory() + "hornbeam-ranks-" + UUID().uuidString
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            for name in ["out", "err"] {
                _ = FileManager.default.createFile(atPath: "\(folder)/\(name)", contents: nil)
            }
            process.standardOutput = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/out"))
            process.standardError = try FileHandle(forWritingTo: URL(fileURLWithPath: folder + "/err"))
            try process.run()
            process.waitUntilExit()
            return (
                process.terminationStatus, try Data(contentsOf: URL(fileURLWithPath: folder + "/out")),
                try String(contentsOfFile: folder + "/err", encoding: .utf8)
            )
        }

        private func checksums(_ launcher: String, _ options: [String]) throws -> [[String]] {
            try [1, 2].map { ranks in
                let (code, output, errors) = try launch(launcher, options, ranks: ranks)
                #expect(code == 0, "\(errors)")
                let json = try #require(try JSONSerialization.jsonObject(with: output) as? [String: Any], "\(errors)")
                #expect(json["ranks"] as? Int == ranks)
                return try #require(json["sums"] as? [[String: Any]]).compactMap { $0["checksum"] as? String }
            }
        }

        private static let openMPI = ["--oversubscribe"]

        @Test(.enabled(if: path(of: "mpirun.openmpi") != nil, "there is no mpirun.openmpi"))
        func sumsOverOpenMPIHaveOneChecksum() throws {
            let found = try checksums("mpirun.openmpi", Self.openMPI)
            #expect(found[0].count == 3)
            #expect(found[0] == found[1])
        }

        @Test(.enabled(if: path(of: "mpirun.mpich") != nil, "there is no mpirun.mpich"))
        func sumsOverMPICHHaveOneChecksum() throws {
            let found = try checksums("mpirun.mpich", [])
            #expect(found[0].count == 3)
            #expect(found[0] == found[1])
        }

        @Test(.enabled(if: path(of: "mpirun.openmpi") != nil && path(of: "mpirun.mpich") != nil, "one MPI is missing"))
        func theLibraryOfAnotherMPIIsRefusedWithBothNames() throws {
            let (code, _, errors) = try launch("mpirun.openmpi", Self.openMPI, ranks: 2, library: "libmpich.so.12")
            #expect(code != 0)
            #expect(errors.contains("started by the launcher of Open MPI for 2 ranks, but the library is MPICH"))
            let other = try launch("mpirun.mpich", [], ranks: 2, library: "libmpi.so.40")
            #expect(other.code != 0)
            #expect(other.errors.contains("started by a launcher with PMI"))
            #expect(other.errors.contains("but the library is Open MPI"))
        }

        @Test func withoutALauncherOneSentenceSaysHowToStart() throws {
            try Workplace().fail("doctor --distributed", "no launcher has started this process")
        }
    }
}
