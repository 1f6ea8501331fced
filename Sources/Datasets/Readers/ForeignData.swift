/// Data that is there but not in a form that is read: what it is, and what to do.
enum ForeignData {
    /// What the endings of files say that are often met in place of image folders.
    private static let kinds: [String: (what: String, advice: String)] = {
        let unpack = "unpack it and give the folder that it makes"
        let save = "save its images as files, <class>/<image>"
        var kinds: [String: (what: String, advice: String)] = [:]
        for ending in ["zip", "tar", "tgz", "gz", "bz2", "tbz", "xz", "txz", "zst", "7z", "rar"] {
            kinds[ending] = ("an archive (.\(ending))", unpack)
        }
        for (ending, what) in [
            ("npz", "a NumPy archive"), ("npy", "a NumPy file"), ("h5", "an HDF5 file"), ("hdf5", "an HDF5 file"),
            ("parquet", "a Parquet file"), ("arrow", "an Arrow file"), ("tfrecord", "a TensorFlow record file"),
            ("mat", "a MATLAB file"), ("pkl", "a Python pickle"), ("pickle", "a Python pickle"),
            ("pt", "a PyTorch file"),
            ("pth", "a PyTorch file"), ("mdb", "an LMDB file"), ("tsv", "a table (.tsv)"),
            ("jsonl", "a table (.jsonl)"),
        ] { kinds[ending] = (what, save) }
        kinds["csv"] = (
            "a table (.csv)", "where it lists images give the file itself (columns image and label), or " + save
        )
        for ending in ["json", "yaml", "yml", "xml", "txt"] {
            kinds[ending] = ("a text file (.\(ending))", "give the folder that holds the images")
        }
        return kinds
    }()

    /// What is wrong with a file where a folder is expected.
    static func problem(ofFile path: String, expected: String) -> String {
        let start = (try? readFile(path, limit: 512)) ?? []
        let name = path.split(separator: "/").last.map(String.init) ?? path
        if isPythonArchive(name) { return "this is a file, expected \(expected); \(pythonAdvice(name))" }
        if CIFAR.layout(of: [name]) != nil || name.contains("ubyte") {
            return "this is a file, expected \(expected); give the folder that holds it"
        }
        if start.starts(with: [0x80]), CIFAR.isPython([name]) {
            return "this is a file, expected \(expected); \(pythonAdvice(name))"
        }
        if let kind = kinds[FileName.ending(name)] ?? magic(start) {
            return "this is a file, expected \(expected); it is \(kind.what), so \(kind.advice)"
        }
        if ImageKind.isImage(path) {
            return "this is a file, expected \(expected); it is a single image, so give the folder of its class folder"
        }
        return "this is a file, expected \(expected)"
    }

    private static func magic(_ start: [UInt8]) -> (what: String, advice: String)? {
        if start.starts(with: Array("PK\u{3}\u{4}".utf8)) { return kinds["zip"] }
        if start.starts(with: [0x1F, 0x8B]) { return kinds["gz"] }
        if start.starts(with: [0xFD, 0x37, 0x7A]) { return kinds["xz"] }
        if start.starts(with: Array("Rar!".utf8)) { return kinds["rar"] }
        if start.starts(with: Array("7z".utf8) + [0xBC, 0xAF]) { return kinds["7z"] }
        if start.count > 262, Array(start[257..<262]) == Array("ustar".utf8) { return kinds["tar"] }
        if start.starts(with: [0x89] + Array("HDF".utf8)) { return kinds["h5"] }
        if start.starts(with: Array("PAR1".utf8)) { return kinds["parquet"] }
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) { return kinds["npy"] }
        return nil
    }

    /// What a folder holds in place of images, or a folder in it; `nil` where nothing is known.
    static func problem(in path: String, _ content: Folder, levels: Int = 2) -> String? {
        if CIFAR.isPython(content.files) {
            let hundred = content.files.contains("train") ? "100" : ""
            return "\(path) holds the Python files of CIFAR; \(pythonAdvice(hundred))"
        }
        if let archive = content.files.first(where: isPythonArchive) {
            return "\(path) holds \(FileName.shown(archive)); \(pythonAdvice(archive))"
        }
        if CIFAR.layout(of: content.files.map { $0 + ".bin" }) != nil || content.files.contains("batches.meta.txt") {
            return "\(path) holds a part of the files of CIFAR, of which data_batch_1.bin or train.bin is not there"
        }
        for name in content.files {
            let ending = FileName.ending(name)
            guard let kind = kinds[ending], !["json", "yaml", "yml", "xml", "txt"].contains(ending) else { continue }
            return "\(path)/\(FileName.shown(name)) is \(kind.what), so \(kind.advice)"
        }
        guard levels > 0 else { return nil }
        for name in content.folders.prefix(20) {
            let inner = "\(path)/\(name)"
            if let content = try? Folder(inner), let problem = problem(in: inner, content, levels: levels - 1) {
                return problem
            }
        }
        return nil
    }

    private static func isPythonArchive(_ name: String) -> Bool {
        name.hasPrefix("cifar-10-python") || name.hasPrefix("cifar-100-python")
    }

    private static func pythonAdvice(_ name: String) -> String {
        let count = name.contains("100") ? 100 : 10
        return
            "these are pickles, which are not read: take the binary version of the same page, cifar-\(count)-binary.tar.gz"
    }
}

extension CIFAR {
    /// Whether files are those of the version for Python: the same names without an ending.
    static func isPython(_ names: [String]) -> Bool {
        names.contains { $0.hasPrefix("data_batch_") && FileName.ending($0).isEmpty } || names.contains("batches.meta")
            || (names.contains("train") && names.contains("meta"))
    }
}
