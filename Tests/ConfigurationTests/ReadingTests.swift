import Configuration
import Foundation
import Testing

private func reading<T>(_ text: String, _ body: (ConfigurationReader) throws -> T) throws -> T {
    try ConfigurationDocument.parse(text: text, name: "t").read(body)
}

private func message(_ text: String, _ body: (ConfigurationReader) throws -> Void) -> String {
    do {
        try reading(text, body)
        return "no problem"
    } catch {
        return "\(error)"
    }
}

private func int(_ text: String) -> Int? { try? reading("a: \(text)") { $0.int("a", default: 0, "") } }
private func double(_ text: String) -> Double? { try? reading("a: \(text)") { $0.double("a", default: 0, "") } }
private func string(_ text: String) -> String? { try? reading("a: \(text)") { $0.string("a", default: "", "") } }

@Test(arguments: [
    ("12", 12), ("-3", -3), ("+4", 4), ("0x1F", 31), ("0o17", 15), ("100_000", 100_000), ("1e5", 100_000), ("007", 7),
    ("9223372036854775807", .max), ("-9223372036854775808", .min),
])
func wholeNumbersAreReadInAllTheirForms(text: String, value: Int) {
    #expect(int(text) == value)
}

@Test(arguments: [
    "1.0", "1.5", "1e-3", "ten", "1_", "_1", "1__0", "\"1\"", "0x", "0x-1", "1 2", "[1]", "1e300", "٣", "", "1/1",
    "9223372036854775808", "true",
])
func otherTextsAreNoWholeNumbers(text: String) {
    #expect(int(text) == nil)
}

@Test(arguments: [
    ("1", 1), ("-0.5", -0.5), (".5", 0.5), ("1e-3", 0.001), ("1E3", 1000), ("1/4", 0.25), ("-1 / 2", -0.5),
    ("1_000.5", 1000.5), ("0x10", 16), ("1e-400", 0),
])
func numbersAreReadInAllTheirForms(text: String, value: Double) {
    #expect(double(text) == value)
}

@Test(arguments: [
    ".inf", ".nan", "1e999", "nan", "inf", "1/0", "1/2/3", "/2", "0x1p3", "e", "-", ".", "'1'", "1,5", "1/.inf", "yes",
])
func otherTextsAreNoFiniteNumbers(text: String) {
    #expect(double(text) == nil)
}

@Test func infinityIsReadWhereTheRangeHoldsIt() throws {
    #expect(try reading("a: .inf") { $0.double("a", default: 0, in: 0 ... .infinity, "") } == .infinity)
}

@Test(arguments: [
    ("abc", "abc"), ("a b", "a b"), ("7", "7"), ("1e-3", "1e-3"), ("no", "no"), ("'true'", "true"),
    ("\"null\"", "null"), ("''", ""), ("|\n  x\n  y", "x\ny"), ("!!str 5", "5"), ("!!str true", "true"),
])
func textIsTakenAsItIsWritten(text: String, value: String) {
    #expect(string(text) == value || string(text) == value + "\n")
}

@Test(arguments: ["true", "False", "", "[a]", "{b: 1}"])
func otherValuesAreNoText(text: String) {
    #expect(string(text) == nil)
}

@Test func rangesHoldTheirBoundsAndNothingBeyond() {
    for (text, isGood) in [("0", false), ("1", true), ("10", true), ("11", false)] {
        #expect((message("a: \(text)") { _ = $0.int("a", default: 1, in: 1...10, "") } == "no problem") == isGood)
    }
    for (text, isGood) in [("0", false), ("1e-300", true), ("0.999", true), ("1", false)] {
        let found = message("a: \(text)") {
            _ = $0.double("a", default: 0.5, in: .leastNonzeroMagnitude...1.0.nextDown, "")
        }
        #expect(found == (isGood ? "no problem" : "t:1:4: `a` is `\(text)`, expected a number above 0 and below 1"))
    }
}

@Test func aWrongValueReadsAsItsDefaultSoThatTheRestIsStillRead() {
    var seen: [Int] = []
    let found = message("a: x\nb: y\nc: 3") {
        seen = [
            $0.int("a", default: 7, ""), $0.int("b", default: 2, in: 2...9, ""), $0.int("c", default: 0, ""),
            $0.ints("d", default: [4], "")[0],
        ]
    }
    #expect(seen == [7, 2, 3, 4])
    #expect(
        found == "t:1:4: `a` is `x`, expected a whole number\nt:2:4: `b` is `y`, expected a whole number from 2 to 9")
}

@Test func optionalValuesAreNilWhenAbsentOrNull() throws {
    try reading("a: null\nb:\nc: 3") {
        #expect($0.optionalInt("a", "") == nil)
        #expect($0.optionalString("b", "") == nil)
        #expect($0.optionalDouble("c", "") == 3)
        #expect($0.optionalInts("e", "") == nil)
        #expect($0.optionalSection("f", "") { $0.int("x", default: 1, "") } == nil)
        #expect($0.has("c") && !$0.has("a") && !$0.has("d"))
        #expect($0.keys == ["a", "b", "c"])
    }
}

@Test func checksOfTheCallerStandAtTheKeyOrItsSection() {
    let found = message("a:\n  x: 1\n") {
        $0.section("a", "") {
            _ = $0.int("x", default: 0, "")
            _ = $0.int("y", default: 0, "")
            $0.problem("y", "is needed with `x`")
            $0.problem("x", "does not divide 4")
        }
        $0.problem("b", "is needed")
    }
    #expect(found == "t:1:1: `b`: is needed\nt:2:3: `a.y`: is needed with `x`\nt:2:6: `a.x`: does not divide 4")
}

@Test func aSectionMayBeReadInParts() throws {
    let text = "a: {x: 1, y: 2}\nl: [{x: 1, y: 2}]\n"
    let (sum, entries, yaml) = try ConfigurationDocument.parse(text: text, name: "t").readResolved { reader in
        let x = reader.section("a", "") { $0.int("x", default: 0, "") }
        let y = reader.section("a", "") { $0.int("y", default: 0, "") }
        let again = reader.section("a", "") { $0.int("x", default: 0, "") }
        let xs = reader.list("l", "") { $0.int("x", default: 0, "") }
        let ys = reader.list("l", "") { $0.int("y", default: 0, "") }
        return x + y + again + xs[0] + ys[0]
    }
    #expect(sum == 7)
    #expect(entries.map(\.path) == ["a", "a.x", "a.y", "l", "l[0].x", "l[0].y"])
    #expect(yaml == "a:\n  x: 1\n  \"y\": 2\nl:\n  - x: 1\n    \"y\": 2\n", "`y` is true to some YAML readers")
}

@Test func anErrorOfTheBodyComesThroughUnlessProblemsCameFirst() {
    struct Stop: Error {}
    #expect(throws: Stop.self) { try reading("a: 1\nunknown: 2") { _ in throw Stop() } }
    #expect(throws: ConfigurationError.self) {
        try reading("a: x") {
            _ = $0.int("a", default: 1, "")
            throw Stop()
        }
    }
}

@Test func runtimeChoicesAreCheckedAndSuggested() throws {
    let words = ["hornet_tiny_7x7", "hornet_tiny_gf"]
    #expect(try reading("a: hornet_tiny_gf") { $0.choice("a", of: words, default: words[0], "") } == words[1])
    let found = message("a: hornet_tiny_fg") { _ = $0.requiredChoice("a", of: words, "") }
    #expect(
        found == "t:1:4: `a` is `hornet_tiny_fg`, expected one of `hornet_tiny_7x7`, `hornet_tiny_gf`, "
            + "did you mean `hornet_tiny_gf`?")
}

private enum Way: String, CaseIterable, OldSpellings {
    case firstSteps, off
    static var oldSpellings: [String: Way] { ["first-steps": .firstSteps] }
}

@Test func oldSpellingsAreReadWithANotice() throws {
    func read(_ text: String) throws -> (value: Way, entries: [ConfigurationEntry], yaml: String) {
        try ConfigurationDocument.parse(text: text, name: "t").readResolved { $0.choice("way", default: .off, "") }
    }
    let (old, new) = (try read("way: first-steps\n"), try read("way: firstSteps\n"))
    #expect(old.value == .firstSteps && new.value == .firstSteps)
    #expect(old.yaml == "way: firstSteps\n" && new.yaml == old.yaml, "both are one when compared or written")
    #expect(old.entries.map(\.value) == new.entries.map(\.value))
    #expect(
        old.entries.map(\.notice) == [
            "t:1:6: `way` is `first-steps`, which is now written `firstSteps`; the old word is still read"
        ])
    #expect(new.entries.map(\.notice) == [nil])
    #expect(new.entries[0].choices == ["firstSteps", "off"], "old words are not offered")
}

@Test func aLeadingTildeIsTheHomeFolder() throws {
    let path = try reading("a: ~/data\nb: x/~") { ($0.optionalPath("a", "") ?? "") + $0.path("b", default: "", "") }
    #expect(path.hasPrefix("/") && path.hasSuffix("/datax/~"))
}

@Test func pathsMayNameVariablesOfTheEnvironment() throws {
    let home = try #require(ProcessInfo.processInfo.environment["HOME"])
    let found = try reading("a: ${HOME}/cells\nb: x/${HORNBEAM_TEST_NONE:-y}/z") {
        [$0.optionalPath("a", "") ?? "", $0.path("b", default: "", "")]
    }
    #expect(found == [home + "/cells", "x/y/z"])
    // A variable that is empty counts as missing.
    let variables = ["DATA": "/d", "NONE": ""]
    #expect(Paths.expanded("${DATA:-x}/${NONE:-y}", variables) == "/d/y")
    #expect(Paths.expanded("${NONE}/a", variables) == nil)
    for (text, expected) in [
        ("${HORNBEAM_TEST_NONE}/cells", "the environment has no variable ${HORNBEAM_TEST_NONE}"),
        ("x/${HOME", "the brace of ${HOME is never closed"),
    ] {
        let error = #expect(throws: (any Error).self) {
            try reading("a: \"\(text)\"") { $0.path("a", default: "", "") }
        }
        #expect(
            error.map { "\($0)".contains(expected) } == true, "expected \(expected), found \(String(describing: error))"
        )
    }
}

@Test func entriesDescribeEveryKey() throws {
    let document = try ConfigurationDocument.parse(text: "data: {path: d}\n", name: "t")
    let entries = try document.readResolved(Recipe.init).entries
    let rate = try #require(entries.first { $0.path == "optimizer.learningRate" })
    #expect(rate.kind == .value && rate.choices.isEmpty && rate.origin == .defaultValue)
    #expect(rate.expected == "a number above 0 and at most 10" && rate.summary == "Peak learning rate")
    #expect(rate.defaultValue == "1.0e-05" && rate.value == "1.0e-05")
    let path = try #require(entries.first { $0.path == "data.path" })
    #expect(path.defaultValue == nil && path.value == "d" && path.origin.description == "t:1:14")
    #expect(entries.first { $0.path == "optimizer.name" }?.choices == ["adamw", "sgd"])
    #expect(entries.first { $0.path == "ema" }?.defaultValue == "null")
    #expect(entries.first { $0.path == "run" }?.kind == .section)
}
