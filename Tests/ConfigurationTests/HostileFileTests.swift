import Configuration
import Foundation
import Testing

@Test func aPipeOrADeviceIsRefusedAndNotWaitedFor() throws {
    try withFolder(["x.yaml": "extends: pipe\n"]) { folder in
        #expect(mkfifo(folder + "/pipe", 0o600) == 0)
        #expect(loadingError("pipe", in: folder) == "pipe: this is a named pipe, expected a YAML file")
        #expect(
            loadingError("x.yaml", in: folder)
                == "x.yaml:1:10: `extends` names `pipe`, but this is a named pipe, expected a YAML file")
    }
    #expect(loadingError("zero", in: "/dev") == "zero: this is a device, expected a YAML file")
    #expect(loadingError("", in: "/dev") == ": this is a folder, expected a YAML file")
}

@Test func extendingEndsAfterThirtyTwoFiles() throws {
    var files = ["40.yaml": "run: {seed: 1}\n"]
    for i in 0..<40 { files["\(i).yaml"] = "extends: \(i + 1).yaml\n" }
    try withFolder(files) { folder in
        #expect(
            loadingError("0.yaml", in: folder)
                == "31.yaml:1:10: `extends` names one file more than the 32 that may extend one another")
        #expect(loadingError("9.yaml", in: folder) == "no problem")
    }
}

@Test func anOverrideHasAtMostSixtyFourParts() {
    let long = problems("data: {path: x}\n", overrides: [String(repeating: "a.", count: 30_000) + "b=1"])
    #expect(long.contains("the key has more than 64 parts"), "\(long)")
    #expect(
        problems("data: {path: x}\n", overrides: [String(repeating: "a.", count: 60) + "b=1"]).contains("unknown key"))
}

@Test func directivesAreRefused() {
    let many = String(repeating: "%TAG ! tag:x,2000:\n", count: 40_000)
    #expect(
        problems(many + "---\ndata: {path: x}\n").hasPrefix("test.yaml:1:1: a line that begins with % is a directive"))
    #expect(problems("data:\n%YAML 1.2\n").hasPrefix("test.yaml:2:1: a line that begins with %"))
    #expect(problems("data: {path: a%b}\nrun: {name: \"%x\"}\n") == "no problem")
}

@Test func tooManyValuesAreRefusedBeforeTheyAreRead() {
    for text in [
        "a: [" + String(repeating: "x,", count: 200_000) + "]", String(repeating: "a:\n", count: 200_000),
    ] {
        #expect(problems(text).contains("more than 100000 lines and values"))
    }
}

/// Signs that mean something to YAML where a value begins.
@Test(arguments: [
    ("run: {name: *.bias}\n", "1:13", "*"), ("run:\n  name: *bias\n", "2:9", "*"), ("stages: [*x]\n", "1:10", "*"),
    ("run: {name: &.x}\n", "1:13", "&"), ("run:\n  name: &x\n", "2:9", "&"), ("run: {name: !.x y}\n", "1:13", "!"),
    ("run: {name: @x}\n", "1:13", "@"), ("run: {name: `x`}\n", "1:13", "`"), ("run: {name: %x}\n", "1:13", "%"),
    ("run:\n  name: |x\n", "2:9", "|"), ("run:\n  name: >x y\n", "2:9", ">"),
])
func aValueThatBeginsWithASignMustStandInQuotes(text: String, place: String, sign: String) {
    let found = problems(text)
    #expect(found.hasPrefix("test.yaml:\(place): "), "\(found)")
    #expect(found.hasSuffix("a value that begins with \(sign) must stand in quotes"), "\(found)")
}

@Test func tabsAndBackslashesAreNamed() {
    #expect(problems("run:\n\tname: x\n").contains("found a tab"))
    #expect(
        problems("run:\n  name: |\n    a\n  \tb: x\n").contains("tab")
            || problems("run:\n  name: |\n    a\n  \tb: x\n").contains("YAML"))
    #expect(problems("data: {path: \"C:\\data\"}\n").contains("found a backslash in double quotes"))
}

@Test func namesThatTurnOrBreakTheLineAreShown() throws {
    try withFolder(["a\n\u{202E}b.yaml": "x: 1\nrun: {seed: y}\n"]) { folder in
        do {
            _ = try ConfigurationDocument.load(path: "\(folder)/a\n\u{202E}b.yaml").read(Recipe.init)
            Issue.record("no problem")
        } catch {
            let lines = "\(error)".split(separator: "\n")
            #expect(lines.allSatisfy { $0.contains(#"a\n\u{202E}b.yaml:"#) }, "\(error)")
            #expect(!"\(error)".contains("\u{202E}"))
        }
    }
    #expect(problems("data: {path: x}\nrun: {\"\u{2066}k\": 1}\n").contains(#"`\u{2066}k`"#))
}

/// The environment of containers that grant no more threads, in a process of its own.
@Test func aConfigurationIsReadWithoutAThreadOfItsOwn() async {
    await #expect(processExitsWith: .success) {
        try forbidThreads()
        #expect(problems("data: {path: x}\nrun: {seed: 3}\n") == "no problem")
        let deep = "a: " + String(repeating: "[", count: 900) + String(repeating: "]", count: 900)
        #expect(problems(deep).contains("grants no thread"), "\(problems(deep))")
        let blocks = (0..<300).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(problems(blocks).contains("grants no thread"), "\(problems(blocks))")
        #expect(
            problems("a:\n" + (1..<70).map { String(repeating: " ", count: $0) + "a:\n" }.joined()).contains(
                "64 levels"))
    }
}

/// From now on this process gets no further thread, whoever runs it.
private func forbidThreads() throws {
    #if os(Linux)
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        try #require(setrlimit(__rlimit_resource_t(6), &limit) == 0)  // RLIMIT_NPROC
        // The administrator is not bound by it.
        if getuid() == 0 { try #require(setuid(65_534) == 0) }
        var thread = pthread_t()
        try #require(pthread_create(&thread, nil, { _ in nil }, nil) != 0, "threads are still granted")
    #endif
}
