import Configuration
import Testing

/// The recipe and its resolved YAML.
private func resolved(_ text: String) throws -> (recipe: Recipe, yaml: String) {
    let result = try ConfigurationDocument.parse(text: text, name: "t").readResolved(Recipe.init)
    return (result.value, result.yaml)
}

@Test func resolvedYAMLHoldsEveryKeyInOrderOfReading() throws {
    #expect(
        try resolved("stages: [{teacher: x}]\ndata: {mean: 1/3, path: ./d}\n").yaml == """
            run:
              name: "a: run"
              seed: 0
            data:
              path: ./d
              classes: null
              mean: 0.3333333333333333
            optimizer:
              name: adamw
              learningRate: 1.0e-05
              betas: [0.9, 0.999]
              decay: null
            training:
              epochs: 10
              shuffle: true
              widths: [64, 128]
            ema: null
            stages:
              - epochs: 1
                teacher: x

            """)
}

@Test(arguments: [
    "data: {path: d}", "data: {path: d}\nema: {}\nstages: [{teacher: a}, {teacher: 'null', epochs: 2}]",
    "data: {path: d, classes: ['1', yes, 'true', '', ' a', 'a#b', 'a: b', '- x', '[', '\"', '\\', é, '日本', '🐝', '~', '.5', '...']}",
    "data: {path: 'a b', mean: -1/7}\noptimizer: {learningRate: 4.9e-324, decay: 1.7976931348623157e308}",
    "data: {path: \"x\\n\\t\\e\\0\\u2028\\uFEFF\\x7f\\x85\"}\nrun: {name: '', seed: 9223372036854775807}",
])
func resolvedYAMLReadsAsTheSameValues(text: String) throws {
    let first = try resolved(text)
    let second = try resolved(first.yaml)
    #expect(second.recipe == first.recipe)
    #expect(second.yaml == first.yaml)
}

@Test func everyNumberSurvivesTheRoundTrip() throws {
    var bits: UInt64 = 0x9E37_79B9_7F4A_7C15
    var values: [Double] = [0, -0.0, 1e15, 1e16, 1e17, 123_456_789_012_345_680, 0.1, 1e-4, 1e-5]
    while values.count < 2000 {
        bits ^= bits << 13
        bits ^= bits >> 7
        bits ^= bits << 17
        let value = Double(bitPattern: bits)
        if value.isFinite { values.append(value) }
    }
    let empty = try ConfigurationDocument.parse(text: "{}", name: "t")
    let yaml = try empty.readResolved { $0.doubles("a", default: values, "") }.yaml
    let again = try ConfigurationDocument.parse(text: yaml, name: "t").read { $0.doubles("a", default: [], "") }
    #expect(again.map(\.bitPattern) == values.map(\.bitPattern))
}

@Test func anEmptyMappingReadsAsAllDefaults() throws {
    let (value, entries, yaml) = try ConfigurationDocument.parse(text: "{}", name: "t").readResolved { _ in 1 }
    #expect(value == 1 && entries.isEmpty && yaml == "{}\n")
}
