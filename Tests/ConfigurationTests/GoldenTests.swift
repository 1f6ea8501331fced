import Configuration
import Foundation
import Testing

/// Each `Golden/x.yaml` gives the messages in `Golden/x.expected`; lines `#--set a=b` at its top are overrides.
///
/// With HORNBEAM_RECORD_GOLDEN=1 in the environment the expected files are written anew, to be read before a commit.
@Test(arguments: goldenNames)
func messagesMatchTheGoldenFile(name: String) throws {
    let folder = goldenFolder.path
    let path = "\(folder)/\(name).yaml"
    let text = String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self)
    let overrides = text.split(separator: "\n").filter { $0.hasPrefix("#--set ") }.map { String($0.dropFirst(7)) }
    var messages = "no problem"
    do {
        _ = try ConfigurationDocument.load(path: path, overrides: overrides).read(Recipe.init)
    } catch {
        messages = "\(error)".replacing(folder + "/", with: "")
    }
    if ProcessInfo.processInfo.environment["HORNBEAM_RECORD_GOLDEN"] == "1" {
        let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        try (messages + "\n").write(
            to: source.appendingPathComponent("Golden/\(name).expected"), atomically: true, encoding: .utf8)
        return
    }
    let expected = try String(contentsOfFile: "\(folder)/\(name).expected", encoding: .utf8)
    #expect(messages + "\n" == expected)
}

let goldenFolder = (Bundle.module.resourceURL ?? Bundle.module.bundleURL).appendingPathComponent("Golden")

/// All files but those that begin with `base`, which others extend.
let goldenNames: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: goldenFolder.path)) ?? [])
    .filter { $0.hasSuffix(".yaml") && !$0.hasPrefix("base") }.map { String($0.dropLast(5)) }.sorted()

@Test func goldenFilesAreFound() {
    #expect(goldenNames.count >= 15)
}
