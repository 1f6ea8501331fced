import CMPI

/// An MPI library that was found, loaded and recognized, but not started.
package struct MPILibrary {
    /// Whose library it is; launchers and libraries of different ones do not know each other.
    package enum Family: Sendable {
        case openMPI
        case mpich
        case other
    }

    /// How it was found.
    package let path: String
    /// Its own words about itself, shortened: "Open MPI v4.1.4", "MPICH 4.0.2".
    package let version: String
    package let family: Family
    let pointer: OpaquePointer

    /// The variable of the environment that names the library.
    package static let variable = "HORNBEAM_MPI"

    /// Where libraries lie, the standard's interface first.
    static let names = [
        "libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi.so.40", "libmpi.so.12", "libmpich.so.12", "libmpi.so",
        "libmpich.so",
        "libmpi_abi.dylib", "libmpi.dylib",
    ]

    /// What to do where there is none.
    static let advice =
        "install one (Debian and Ubuntu: openmpi-bin or mpich), load its module on a cluster, or name it in \(variable)"

    /// The library to use: the one that the variable names, else that of the launcher, else the first there is.
    /// - Throws: `DistributedError` where there is none that fits.
    package static func find(for launcher: Launcher?, _ variable: (String) -> String? = Host.variable) throws
        -> MPILibrary
    {
        if let path = variable(Self.variable) {
            switch load(path) {
            case .found(let library): return try checked(library, launcher)
            case .unusable(let reason): throw DistributedError("\(Self.variable)=\(path): \(reason)")
            case .absent(let reason): throw DistributedError("\(Self.variable)=\(path) cannot be loaded, \(reason)")
            }
        }
        var found: [MPILibrary] = []
        var reasons: [String] = []
        for name in names {
            switch load(name) {
            case .found(let library):
                if library.fits(launcher) {
                    for other in found { other.letGo() }
                    return try checked(library, launcher)
                }
                found.append(library)
            case .unusable(let reason): reasons.append("\(name): \(reason)")
            case .absent: break
            }
        }
        if let first = found.first {
            for other in found.dropFirst() { other.letGo() }
            return try checked(first, launcher)
        }
        let beside = reasons.first.map { " that can be used (\($0))" } ?? ""
        throw DistributedError("no MPI library was found\(beside); \(advice)")
    }

    /// Whether it is of the launcher's family, as far as that can be told.
    private func fits(_ launcher: Launcher?) -> Bool {
        switch launcher?.kind {
        case .openMPI: family == .openMPI
        case .pmi: family != .openMPI
        case .pmix, nil: true
        }
    }

    /// Refuses what cannot work. A launcher with PMI may be one that Open MPI was built for, which shows later.
    private static func checked(_ library: MPILibrary, _ launcher: Launcher?) throws -> MPILibrary {
        guard let launcher, launcher.kind == .openMPI, library.family == .mpich else { return library }
        library.letGo()
        throw library.mismatch(launcher)
    }

    /// The error for a launcher that the library does not know.
    package func mismatch(_ launcher: Launcher) -> DistributedError {
        let cure =
            family == .openMPI
            ? "start with Open MPI's own mpirun (mpirun.openmpi on Debian), or name the launcher's library in \(Self.variable)"
            : "start with the mpirun of that library (mpirun.mpich on Debian), or name the launcher's library in \(Self.variable)"
        return DistributedError(
            "started by \(launcher.name), but the library is \(version) (\(path)), and each rank sees itself alone; \(cure)"
        )
    }

    func letGo() { hb_mpi_close(pointer) }
}

extension MPILibrary {
    enum Attempt {
        case found(MPILibrary)
        /// It is no library that is known here.
        case unusable(String)
        /// It cannot be loaded.
        case absent(String)
    }

    static func load(_ path: String) -> Attempt {
        var loaded: OpaquePointer?
        let text = String(text: 1 << 14) { loaded = hb_mpi_open(path, $0, $1) }
        guard let pointer = loaded else { return .absent(text) }
        let version = shortened(text)
        if let missing = hb_mpi_missing(pointer).map({ String(cString: $0) }) {
            hb_mpi_close(pointer)
            return .unusable("it has no function \(missing), so it is no MPI library of version 3 or later")
        }
        if hb_mpi_kind_of(pointer) == HB_MPI_UNKNOWN {
            hb_mpi_close(pointer)
            return .unusable(
                "\(version.isEmpty ? "it" : version) is neither Open MPI nor a relative of MPICH, nor has it the interface "
                    + "of MPI 5")
        }
        return .found(MPILibrary(path: path, version: version, family: family(text), pointer: pointer))
    }

    /// Whose library a version text is of.
    package static func family(_ text: String) -> Family {
        if text.contains("Open MPI") { return .openMPI }
        return ["MPICH", "Intel(R) MPI", "MVAPICH"].contains { text.contains($0) } ? .mpich : .other
    }

    /// The name and number at the start of a version text, which may fill a page.
    package static func shortened(_ text: String) -> String {
        // "MPICH Version: 4.0.2 MPICH Release date: ...", "Open MPI v4.1.4, package: ..."
        let words = text.split(separator: " ")
        if words.count > 2, words[1] == "Version:" { return "\(words[0]) \(words[2])" }
        let start = text.prefix { $0 != "," }
        return start.count > 60 ? start.prefix(60) + "..." : String(start)
    }
}
