import Checkpoints
import Foundation
import JSON
import RunLayout
import Tensors
import Testing

private func store(_ folder: String, saves: Int) throws -> StateStore {
    var store = StateStore(directory: folder + "/state")
    for update in 1...saves {
        try store.save(files: ["a": .bytes([UInt8(update)])], info: ["update": .integer(update)])
    }
    return store
}

private func rewrite(_ path: String, _ change: (inout JSONValue) -> Void) throws {
    let bytes = try #require(contents(path))
    var content = try #require(try JSONValue(parsing: bytes)["content"])
    change(&content)
    let manifest: JSONValue = [
        "content": content, "sha256": .string(SHA256.hexadecimal([Array(content.text().utf8)])),
    ]
    try put(manifest.text(), path)
}

@Test func aNewerStateIsRefusedAndStays() throws {
    try withFolder { folder in
        _ = try store(folder, saves: 2)
        try rewrite(folder + "/state/00000002/manifest.json") { $0["version"] = 2 }
        var states = StateStore(directory: folder + "/state")
        let found = message { _ = try states.load() }
        #expect(
            found.contains("saved by a newer version of this program (state version 2, this one reads 1)"), "\(found)")
        #expect(contents(folder + "/state/00000002/manifest.json") != nil)
        // A version that is none is damage, and the state before it is used.
        try rewrite(folder + "/state/00000002/manifest.json") { $0["version"] = "x" }
        #expect(try states.load()?.info["update"] == 1)
    }
}

@Test func whatIsNamedLikeASaveAndIsNoneStays() throws {
    try withFolder { folder in
        var states = try store(folder, saves: 3)
        try put("mine", folder + "/state/00000050")
        try put("mine", folder + "/state/00000004")
        try FileManager.default.createDirectory(
            atPath: folder + "/state/00000005/inner", withIntermediateDirectories: true)
        for update in 4...7 {
            try states.save(files: ["a": .bytes([UInt8(update)])], info: ["update": .integer(update)])
            #expect(try states.load()?.info["update"] == .integer(update))
        }
        #expect(contents(folder + "/state/00000050") == Array("mine".utf8))
        #expect(contents(folder + "/state/00000004") == Array("mine".utf8))
        #expect(FileManager.default.fileExists(atPath: folder + "/state/00000005/inner"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/state").count == 5)
        // Nor does it go when the run is replaced.
        try put("x", folder + "/config.yaml")
        try put("", folder + "/.hornbeam")
        _ = try RunDirectory(folder, mode: .overwrite)
        #expect(contents(folder + "/state/00000050") == Array("mine".utf8))
    }
}

@Test func allStatesDamagedIsSaidWithoutPromisingAnOlderOne() throws {
    try withFolder { folder in
        var states = try store(folder, saves: 2)
        for name in ["00000001", "00000002"] { try put("x", folder + "/state/\(name)/a") }
        // As long as what was saved, so that the checksum speaks.
        let found = message { _ = try states.load() }
        #expect(found.hasSuffix("does not match its checksum, and 1 older likewise"), "\(found)")
        #expect(!found.contains("is tried"))
    }
}

@Test func anEmptyNameIsSaid() {
    #expect(message { try AtomicFile.write("", "x") } == "\"\": the name is empty, expected one for the file")
    #expect(
        message { _ = try RunDirectory("", mode: .new) }
            == "\"\": the name is empty, expected one for the run's folder")
}

@Test func pipesAreNeitherReadNorWritten() throws {
    try withFolder { folder in
        let pipe = folder + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        #expect(message { try AtomicFile.write(pipe, "x") } == "\(pipe): this is a named pipe, expected a file")
        #expect(
            message { _ = try SafetensorsFile.read(path: pipe) } == "\(pipe): this is a named pipe, expected a file")
        #expect(RegularFile.read(pipe) == .refused("is a named pipe, expected a file"))
        #expect(RegularFile.read(folder) == .refused("is a folder, expected a file"))
        #expect(RegularFile.read("/dev/zero") == .refused("is a device, expected a file"))
        #expect(RegularFile.read(folder + "/none") == .absent)
        try put("abc", folder + "/a")
        #expect(RegularFile.read(folder + "/a").text == "abc")
        #expect(RegularFile.read(folder + "/a", limit: 2) == .refused("has 3 bytes, more than the limit of 2"))
    }
}

/// Files of other kinds that are given as weights, each named for what it is.
@Test(arguments: [
    ("pointer.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 15\n", "git lfs pull"),
    ("page.safetensors", "<!DOCTYPE html><html><head>", "a web page (HTML)"),
    ("page.bin", "\n  <html lang=en>", "a web page (HTML)"),
    ("error.safetensors", "<?xml version=\"1.0\"?><Error><Code>AccessDenied", "an XML text"),
    ("config.json", "{\"data\":{\"hidden_size\": 768}}", "a JSON text"),
    ("model.safetensors.index.json", "{\"metadata\":{},\"weight_map\":{}}", "weights in several files"),
    ("c.yaml", "# comment\nmodel: {name: resnet}\n", "is it a configuration?"),
    ("notes", "no weights at all, just words", "not a safetensors file but a text"),
    ("w.pth", "PK\u{3}\u{4}" + String(repeating: "\0", count: 22) + "\u{10}\0\0\0archive/data.pkl", "a PyTorch file"),
    ("w.npz", "PK\u{3}\u{4}" + String(repeating: "\0", count: 22) + "\u{5}\0\0\0a.npy", "a NumPy archive"),
    ("m.keras", "PK\u{3}\u{4}" + String(repeating: "\0", count: 22) + "\u{D}\0\0\0metadata.json", "a Keras model"),
    ("m.gguf", "GGUF\u{3}\0\0\0\0\0\0\0", "a GGUF file"),
    ("m.onnx", "\u{8}\u{7}\u{12}\u{7}pytorch", "an ONNX model"),
    ("saved_model.pb", "\u{8}\u{1}\u{12}\u{2}xx", "a TensorFlow model"),
    ("m.tflite", "\u{1C}\0\0\0TFL3", "a TensorFlow Lite model"),
    ("empty.safetensors", "", "the file is empty"),
])
func otherFilesAreNamedForWhatTheyAre(name: String, text: String, expected: String) throws {
    try withFolder { folder in
        try Data(text.unicodeScalars.map { UInt8($0.value) }).write(to: URL(fileURLWithPath: folder + "/" + name))
        let found = message { _ = try SafetensorsFile.read(path: folder + "/" + name) }
        #expect(found.contains(": not a safetensors file") && found.contains(expected), "\(found)")
    }
}

@Test(arguments: [
    ([0x80, 0x02, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9], "old.pth", "an old PyTorch file"),
    ([0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A, 0], "k.h5", "an HDF5 file"),
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3], "w.safetensors.gz", "a gzip file; unpack it with gunzip"),
    ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59, 1, 0, 0x76], "a.npy", "a NumPy array"),
    ([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 0], "a.png", "an image"),
])
func otherBinaryFilesAreNamedForWhatTheyAre(bytes: [UInt8], name: String, expected: String) throws {
    try withFolder { folder in
        try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
        let found = message { _ = try SafetensorsFile.read(path: folder + "/" + name) }
        #expect(found.contains(expected), "\(found)")
    }
}

@Test func foldersThatHoldWeightsSaySo() throws {
    try withFolder { folder in
        #expect(message { _ = try SafetensorsFile.read(path: folder) } == "\(folder): expected a file, found a folder")
        try put("", folder + "/pytorch_model.bin")
        #expect(message { _ = try SafetensorsFile.read(path: folder) }.contains("convert_checkpoint.py"))
        try put("", folder + "/model.safetensors")
        #expect(
            message { _ = try SafetensorsFile.read(path: folder) }.contains("did you mean \(folder)/model.safetensors?")
        )
        try put("", folder + "/saved_model.pb")
        #expect(message { _ = try SafetensorsFile.read(path: folder) }.contains("a TensorFlow model"))
    }
}
