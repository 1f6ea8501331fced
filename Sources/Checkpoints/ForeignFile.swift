/// What a file is that was given as weights and is none, by its first bytes, and what to do about it.
enum ForeignFile {
    /// How many bytes from the start are looked at.
    static let prefixSize = 1024

    /// One phrase that goes on from "not a safetensors file but"; nil where the bytes tell nothing.
    /// - Parameter name: the file's path, whose ending tells apart what begins alike.
    static func kind(_ bytes: [UInt8], name: String) -> String? {
        if let kind = binaryKind(bytes, ending: ending(name)) { return kind }
        return textKind(bytes)
    }

    private static let converter = "Scripts/convert_checkpoint.py turns it into weights"

    private static func binaryKind(_ bytes: [UInt8], ending: String) -> String? {
        func begins(_ prefix: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + prefix.count && Array(bytes[offset..<offset + prefix.count]) == prefix
        }
        func begins(_ text: String, at offset: Int = 0) -> Bool { begins(Array(text.utf8), at: offset) }
        if begins([0x50, 0x4B, 3, 4]) || begins([0x50, 0x4B, 5, 6]) { return zipKind(bytes, ending: ending) }
        // Protocol 2 and later name themselves; torch.save wrote such files before version 1.6.
        if begins([0x80]), bytes.count > 1, (2...5).contains(bytes[1]) {
            return ending == "pkl" || ending == "pickle"
                ? "a Python pickle; if it holds PyTorch weights, \(converter)" : "an old PyTorch file; \(converter)"
        }
        if begins("GGUF") || begins("ggml") || begins("lmgg") {
            return "a GGUF file of a language model, which this program has no use for"
        }
        if begins([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]) {
            return "an HDF5 file, as Keras and MATLAB write them; save the weights from Keras as PyTorch or safetensors"
        }
        if begins([0x93]), begins("NUMPY", at: 1) {
            return "a NumPy array (.npy), one tensor without names; save all tensors as safetensors"
        }
        if begins("TFL3", at: 4) {
            return "a TensorFlow Lite model; save the weights it was made from as safetensors"
        }
        if begins([0x1F, 0x8B]) { return "a gzip file; unpack it with gunzip first" }
        if begins("BZh") { return "a bzip2 file; unpack it with bunzip2 first" }
        if begins([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]) { return "an xz file; unpack it with unxz first" }
        if begins([0x28, 0xB5, 0x2F, 0xFD]) { return "a zstd file; unpack it with unzstd first" }
        if begins([0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C]) { return "a 7z archive; unpack it first" }
        if begins("Rar!") { return "a RAR archive; unpack it first" }
        if begins("ustar", at: 257) { return "a tar archive; unpack it with tar -xf first" }
        if begins([0x89, 0x50, 0x4E, 0x47]) || begins([0xFF, 0xD8, 0xFF]) || begins("GIF8") || begins("RIFF") {
            return "an image; are weights and image exchanged?"
        }
        if begins("%PDF") { return "a PDF document" }
        if begins([0x7F, 0x45, 0x4C, 0x46]) { return "a program (ELF)" }
        return protobufKind(bytes, ending: ending)
    }

    /// A zip file's first entry tells what made it.
    private static func zipKind(_ bytes: [UInt8], ending: String) -> String {
        var first = ""
        if bytes.count > 30 {
            let length = Int(bytes[26]) | Int(bytes[27]) << 8
            first = String(decoding: bytes[30..<min(bytes.count, 30 + length)], as: UTF8.self)
        }
        if first.hasSuffix(".npy") || ending == "npz" {
            return "a NumPy archive (.npz); save its arrays as safetensors, under the model's names"
        }
        if ending == "keras" || first == "metadata.json" || first == "config.json" || first.hasSuffix(".h5") {
            return "a Keras model; save the weights from Keras as PyTorch or safetensors"
        }
        if first.hasSuffix("data.pkl") || first.hasSuffix("/version") || ["pth", "pt", "bin", "ckpt"].contains(ending) {
            return "a PyTorch file; \(converter)"
        }
        return "a zip archive; unpack it first, or, if torch.save wrote it, \(converter)"
    }

    /// ONNX and TensorFlow write messages without a mark of their own: a version number, then a text.
    private static func protobufKind(_ bytes: [UInt8], ending: String) -> String? {
        let onnx = "an ONNX model, which this program writes but does not read; give the weights it was exported from"
        let tensorFlow = "a TensorFlow model; save the weights it was made from as PyTorch or safetensors"
        if ending == "onnx" { return onnx }
        if ["pb", "index", "meta", "pbtxt"].contains(ending) { return tensorFlow }
        guard bytes.count > 3, bytes[0] == 0x08, (1...30).contains(bytes[1]) else { return nil }
        // ir_version, then the producer's name or the graph.
        if [0x12, 0x1A, 0x22, 0x3A].contains(bytes[2]), bytes[1] >= 3 { return onnx }
        return bytes[1] == 1 && bytes[2] == 0x12 ? tensorFlow : nil
    }

    private static func textKind(_ bytes: [UInt8]) -> String? {
        guard let text = text(bytes) else { return nil }
        let start = text.drop { $0.isWhitespace }.lowercased()
        if start.hasPrefix("version https://git-lfs") {
            return "a Git LFS pointer that stands for the file; fetch the file itself with git lfs pull"
        }
        if ["<!doctype html", "<html", "<head", "<body"].contains(where: start.hasPrefix) {
            return "a web page (HTML), as a download that needs a login or a licence gives; download the file itself"
        }
        if start.hasPrefix("<?xml") || start.hasPrefix("<error") {
            return "an XML text, as a download that was refused gives; download the file itself"
        }
        if start.hasPrefix("{") || start.hasPrefix("[") {
            return start.contains("weight_map")
                ? "the index of weights in several files (JSON); this program reads weights of one file"
                : "a JSON text; download or choose the file with the weights"
        }
        let isYAML = start.split(whereSeparator: \.isNewline).prefix(20).contains { line in
            let word = line.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
            let rest = line.dropFirst(word.count)
            return !word.isEmpty && (rest.hasPrefix(": ") || rest == ":")
        }
        return isYAML ? "a text, YAML perhaps; is it a configuration?" : "a text"
    }

    /// The bytes as text, where they are some: UTF-8, perhaps cut within a character, without control characters.
    private static func text(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        let end = text.unicodeScalars.count
        for (index, scalar) in text.unicodeScalars.enumerated() {
            if scalar.value < 0x20, !"\n\r\t\u{0C}".unicodeScalars.contains(scalar) { return nil }
            if scalar == "\u{FFFD}", index < end - 3 { return nil }
        }
        return bytes.isEmpty ? nil : text
    }

    static func ending(_ path: String) -> String {
        let name = path.split(separator: "/").last ?? ""
        guard let dot = name.lastIndex(of: ".") else { return "" }
        return name[name.index(after: dot)...].lowercased()
    }

    /// What a folder that was given as weights holds, one sentence that goes on from its name.
    static func folder(_ path: String) -> String {
        let names = (try? System.names(in: path)) ?? []
        if names.contains("saved_model.pb") || names.contains("variables") {
            return
                "this is a folder with a TensorFlow model; save the weights it was made from as PyTorch or safetensors"
        }
        if let file = names.first(where: { $0.hasSuffix(".safetensors") }) {
            return "this is a folder, expected a file; did you mean \(path)/\(file)?"
        }
        if let file = names.first(where: { ["pth", "pt", "bin"].contains(ending($0)) }) {
            return "this is a folder that holds \(file), a PyTorch file perhaps; \(converter)"
        }
        return "expected a file, found a folder"
    }
}
