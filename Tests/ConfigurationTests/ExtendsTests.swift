import Configuration
import Foundation
import Testing

/// A folder with the given files, removed after the body.
func withFolder<T>(_ files: [String: String], _ body: (String) throws -> T) throws -> T {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("configuration-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    for (name, text) in files {
        let file = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: file)
    }
    return try body(folder.path)
}

/// The message of loading a file, without the folder.
func loadingError(_ name: String, in folder: String) -> String {
    do {
        _ = try ConfigurationDocument.load(path: "\(folder)/\(name)")
        return "no problem"
    } catch {
        return "\(error)".replacing("\(folder)/", with: "")
    }
}

@Test func extendingMergesMappingsAndReplacesListsThroughSeveralFolders() throws {
    let files = [
        "a/child.yaml": "extends: ../b/middle.yaml\ntraining: {epochs: 7}\nrun:\n  # seed: 5\ndata: {classes: [x]}\n",
        "b/middle.yaml":
            "extends: c/base.yaml\noptimizer: {name: sgd}\ntraining: {epochs: 5, widths: [1]}\nema: null\n",
        "b/c/base.yaml":
            "data: {path: base, classes: [a, b]}\ntraining: {epochs: 1, shuffle: false}\nrun: {seed: 9}\nema: {decay: 0.5}\n",
    ]
    try withFolder(files) { folder in
        let document = try ConfigurationDocument.load(path: "\(folder)/a/child.yaml")
        #expect(document.files == ["a/child.yaml", "b/middle.yaml", "b/c/base.yaml"].map { "\(folder)/\($0)" })
        let (recipe, entries, _) = try document.readResolved(Recipe.init)
        #expect(recipe.epochs == 7)
        #expect(recipe.widths == [1])
        #expect(recipe.shuffle == false)
        #expect(recipe.optimizer == .sgd)
        #expect(recipe.classNames == ["x"])
        #expect(recipe.dataPath == "base")
        #expect(recipe.seed == 9, "a section whose lines are commented out changes nothing")
        #expect(recipe.emaDecay == nil, "null removes a section")
        let origins = Dictionary(uniqueKeysWithValues: entries.map { ($0.path, $0.origin) })
        #expect(origins["training.epochs"] == .file("\(folder)/a/child.yaml", line: 2, column: 20))
        #expect(origins["training.shuffle"] == .file("\(folder)/b/c/base.yaml", line: 2, column: 32))
        #expect(origins["optimizer.learningRate"] == .defaultValue)
    }
}

@Test func extendingTakesAnAbsolutePathAndAMiddleFileMayHoldNothingElse() throws {
    try withFolder(["base.yaml": "data: {path: d}\n"]) { folder in
        let text = "extends: \(folder)/base.yaml\n"
        #expect(try recipe(text).dataPath == "d")
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/only.yaml"))
        #expect(try recipe("extends: \(folder)/only.yaml\nrun: {seed: 3}").dataPath == "d")
    }
}

@Test func aCircleThroughSymbolicLinksIsFound() throws {
    try withFolder(["a.yaml": "extends: link.yaml\n"]) { folder in
        try FileManager.default.createSymbolicLink(
            atPath: "\(folder)/link.yaml", withDestinationPath: "\(folder)/a.yaml")
        #expect(
            loadingError("a.yaml", in: folder) == "a.yaml:1:10: `extends` goes in a circle: `a.yaml` -> `link.yaml`")
    }
}

@Test func aMissingFileNamesTheNearestOne() throws {
    try withFolder(["digits.yaml": "", "cifar10-nano.yml": "", "digit.txt": ""]) { folder in
        #expect(
            loadingError("digit.yaml", in: folder) == "digit.yaml: the file does not exist, did you mean `digits.yaml`?"
        )
        #expect(loadingError("digits", in: folder) == "digits: the file does not exist, did you mean `digits.yaml`?")
        #expect(
            loadingError("cifar-nano.yaml", in: folder)
                == "cifar-nano.yaml: the file does not exist, did you mean `cifar10-nano.yml`?")
        #expect(loadingError("zzz.yaml", in: folder) == "zzz.yaml: the file does not exist")
    }
}

@Test func aFolderAndAnUnreadableFileAreNamed() throws {
    try withFolder(["folder/x.yaml": "a: 1", "closed.yaml": "a: 1"]) { folder in
        #expect(loadingError("folder", in: folder) == "folder: this is a folder, expected a YAML file")
        #expect(loadingError("folder/", in: folder) == "folder/: this is a folder, expected a YAML file")
        try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: "\(folder)/closed.yaml")
        // The superuser reads it all the same.
        #expect(
            ["no problem", "closed.yaml: the file cannot be opened, its permissions may forbid reading"]
                .contains(loadingError("closed.yaml", in: folder)))
    }
    #expect(throws: ConfigurationError.self) { try ConfigurationDocument.load(path: "") }
}
