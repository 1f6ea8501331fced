import Configuration
import Foundation
import Testing

/// Ten aliases of ten aliases and so on: 10^9 values when expanded.
private let bomb =
    "a0: &a0 [x]\n"
    + (1...9).map { level in
        "a\(level): &a\(level) [\(Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", "))]\n"
    }.joined()

@Test func anAliasBombIsRefused() {
    let found = problems(bomb)
    #expect(found.hasSuffix("more than 100000 values, aliases expanded; expected fewer"), "\(found)")
}

@Test(arguments: ["? *a9\n: x\n", "*a9 : x\n", "k: {*a9: x}\n", "[*a9]: x\n", "k: {[*a9, *a9]: x, [*a9]: y}\n"])
func anAliasBombInAKeyIsRefusedBeforeItIsCompared(key: String) {
    let found = problems(bomb + key)
    #expect(found.hasSuffix("aliases and collections as keys are not supported"), "\(found)")
}

@Test func aCircularAliasIsASyntaxError() {
    #expect(
        problems("a: &a [*a]\n") == "test.yaml:1:8: not valid YAML: a value that begins with * must stand in quotes")
}

@Test func plainAliasesAreUnderstood() throws {
    #expect(try recipe("data: {path: &d x}\nrun: {name: *d}\n").name == "x")
    #expect(try recipe("data: {path: x & y}\nrun: {name: a *b* ?} # [see]: x\n").dataPath == "x & y")
}

@Test(arguments: [64, 900, 1100, 100_000])
func deepNestingIsRefused(depth: Int) {
    for text in [
        "a: " + String(repeating: "[", count: depth) + String(repeating: "]", count: depth),
        String(repeating: "{a: ", count: depth) + String(repeating: "}", count: depth),
        String(repeating: "- ", count: depth) + "x",
        String(repeating: "? ", count: depth) + "x",
    ] {
        let found = problems(text)
        #expect(found.hasSuffix("nested deeper than 64 levels") || found.contains("a key is a collection"), "\(found)")
        #expect(!found.contains("\n"))
    }
}

@Test func sixtyFourLevelsAreAllowed() throws {
    let text = "a: " + String(repeating: "[", count: 63) + String(repeating: "]", count: 63)
    #expect(problems(text).contains("unknown key `a`"))
}

/// Reading on a thread with the small stack of macOS's secondary threads.
@Test func deepNestingFitsASmallStack() async {
    let found = await withCheckedContinuation { (continuation: CheckedContinuation<String, Never>) in
        let thread = Thread {
            let flow = problems(String(repeating: "{a: ", count: 990) + String(repeating: "}", count: 990))
            let keys = problems(String(repeating: "? ", count: 990) + "x")
            continuation.resume(returning: flow + "|" + keys)
        }
        thread.stackSize = 512 << 10
        thread.start()
    }
    #expect(found.contains("nested deeper than 64 levels"), "\(found)")
}

@Test func manyKeysAreReadAndTheirMessagesKeptShort() {
    let text = "data: {path: x}\n" + (0..<40_000).map { "key\($0): 1\n" }.joined()
    let lines = problems(text).split(separator: "\n")
    #expect(lines.count == 51)
    #expect(lines.last == "... and 39950 more problems")
}

@Test func longAndStrangeNamesAreShownShortAndHarmless() {
    let found = problems("data: {path: x}\n? \"\\e[31m\\n\(String(repeating: "k", count: 5000))\"\n: 1\n")
    #expect(found.hasPrefix("test.yaml:2:3: unknown key `\\u{1B}[31m\\nkkk"), "\(found)")
    #expect(found.count < 300 && !found.contains("\u{1B}") && !found.contains("\n"))
}

@Test func aHugeFileIsRefused() throws {
    try withFolder(["x.yaml": String(repeating: "# padding\n", count: 500_000)]) { folder in
        #expect(
            loadingError("x.yaml", in: folder) == "x.yaml: the file is larger than 1 MiB, expected a configuration")
    }
}

/// Every prefix of a text, and every text with one byte replaced, gives values or problems and never stops the program.
@Test func damagedTextsGiveProblems() throws {
    let text = "extends: x\ndata: {path: &d \"x\", classes: [a, 'b']}\nrun:\n  name: |\n    y\n  seed: 0x1F # c\n"
    let bytes = Array(text.utf8)
    for end in bytes.indices { _ = problems(String(decoding: bytes[..<end], as: UTF8.self)) }
    for index in bytes.indices {
        for byte in Array("\0\t\n:*&!|>%@`[{,}]#?-\"'~\u{7F}".utf8) {
            var damaged = bytes
            damaged[index] = byte
            let found = problems(String(decoding: damaged, as: UTF8.self))
            #expect(found.hasPrefix("test.yaml") || found == "no problem", "\(found)")
        }
    }
}

@Test(arguments: [
    "a=\0", "=", "", "a", ".", "a.=1", "[0]=1", "a=*x", "a=&x", "a=!x y", "a=\u{FEFF}", "a={", "a=---", "a=%", "a=\n",
])
func damagedOverridesGiveOneProblem(text: String) {
    do {
        _ = try ConfigurationDocument.parse(text: "b: 1", name: "t", overrides: [text])
        Issue.record("no problem with \(text)")
    } catch {
        #expect((error as? ConfigurationError)?.problems.count == 1)
        #expect("\(error)".hasPrefix("--set "))
    }
}

@Test func byteOrderMarksAndWindowsLineEndsAreAccepted() throws {
    try withFolder(["x.yaml": "\u{FEFF}data:\r\n  path: d\r\nrun:\r\n  seed: 3\r\n"]) { folder in
        let recipe = try ConfigurationDocument.load(path: "\(folder)/x.yaml").read(Recipe.init)
        #expect(recipe.dataPath == "d" && recipe.seed == 3)
    }
}
