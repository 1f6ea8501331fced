import Configuration
import Testing

private let base = "data: {path: d, classes: [a, b]}\nstages: [{teacher: x}, {teacher: y}]\nema:\n"

@Test func overridesSetScalarsListsAndMappings() throws {
    let recipe = try recipe(
        base,
        overrides: [
            "training.epochs=3", "optimizer.learningRate=1/4", "training.widths=[8, 16]",
            "optimizer={name: sgd, decay: 1}",
            "data.path=/tmp/a=b", "run.name='3: x'", "data.classes=null", "stages.0.teacher=z", "stages[1].epochs=4",
            "ema.decay=0.25", "training.epochs = 5",
        ])
    #expect(recipe.epochs == 5, "the last one wins")
    #expect(recipe.learningRate == 0.25, "a mapping merges with what stands there")
    #expect(recipe.widths == [8, 16])
    #expect(recipe.optimizer == .sgd)
    #expect(recipe.decay == 1)
    #expect(recipe.dataPath == "/tmp/a=b")
    #expect(recipe.name == "3: x")
    #expect(recipe.classNames == nil)
    #expect(recipe.stages.map(\.teacher) == ["z", "y"])
    #expect(recipe.stages.map(\.epochs) == [1, 4])
    #expect(recipe.emaDecay == 0.25, "an empty section is made a mapping")
}

@Test func originsNameTheOption() throws {
    let document = try ConfigurationDocument.parse(
        text: base, name: "test.yaml", overrides: ["optimizer={name: sgd}", "run.seed=7"])
    let entries = try document.readResolved(Recipe.init).entries
    func origin(_ path: String) -> String? { entries.first { $0.path == path }?.origin.description }
    #expect(origin("run.seed") == "--set run.seed=7")
    #expect(origin("optimizer.name") == "--set optimizer={name: sgd}")
    #expect(origin("optimizer.betas") == "default")
    #expect(origin("data.path") == "test.yaml:1:14")
    #expect(origin("stages[1].teacher") == "test.yaml:2:34")
}

@Test func anOverrideMendsAWrongValueInTheFile() throws {
    let text = "data: {path: d}\ntraining: {epochs: none}\n"
    #expect(problems(text) == "test.yaml:2:20: `training.epochs` is `none`, expected a whole number from 1 to 10000")
    #expect(try recipe(text, overrides: ["training.epochs=2"]).epochs == 2)
}

@Test func overridesGiveARequiredValue() throws {
    #expect(problems("run: {seed: 1}\n") == "test.yaml:1:1: missing `data.path`, expected a string")
    #expect(problems("run: {seed: 1}\ndata: {mean: 1}\n") == "test.yaml:2:7: missing `data.path`, expected a string")
    #expect(try recipe("run: {seed: 1}\n", overrides: ["data.path=x"]).dataPath == "x")
}

@Test func nullStandsForAnAbsentKey() throws {
    let text = "data: {path: d, mean: [1, 2, 3]}\ntraining: {epochs: 7}\noptimizer: {learningRate: null}\n"
    let recipe = try recipe(text, overrides: ["training.epochs=null", "data.mean=null"])
    #expect(recipe.epochs == 10 && recipe.learningRate == 1e-5 && recipe.mean == 0.5)
    #expect(problems(text, overrides: ["data.path=null"]).contains("`data.path` is `null`, expected a string"))
    // What is empty is a slip.
    #expect(problems("data: {path: d}\ntraining:\n  epochs:\n").contains("is empty, expected a whole number"))
}

@Test func nullTakesBackAKeyThatIsUnknown() throws {
    let text = "data: {path: d, foreign: 3, others: [1, 2]}\nelsewhere: {a: 1}\n"
    #expect(problems(text).contains("unknown key `foreign`"))
    _ = try recipe(text, overrides: ["data.foreign=null", "data.others=null", "elsewhere=null"])
    #expect(problems("data: {path: d}\n", overrides: ["data.foreign=null"]).contains("unknown key `foreign`"))
}

@Test func aNearerPlaceRemembersWhatItReplaced() throws {
    let document = try ConfigurationDocument.parse(
        text: "run: {name: far, seed: 1}\n", name: "test.yaml", overrides: ["run.name=near"])
    let read = try document.readResolved { reader in
        reader.section("run", "") { run in
            let left = run.leaveOut(["seed", "other"], fartherThan: "name")
            let seed = run.int("seed", default: 7, "")
            _ = run.string("name", default: "", "")
            return (before: run.replacedText("name"), left: left.map(\.key), seed: seed)
        }
    }
    #expect(read.value.before == "far")
    #expect(read.value.left == ["seed"])
    #expect(read.value.seed == 7, "what is left out takes its default")
    let same = try ConfigurationDocument.parse(text: "run: {name: far, seed: 1}\n", name: "test.yaml")
    let kept = try same.readResolved { reader in
        reader.section("run", "") { run in
            _ = run.string("name", default: "", "")
            return (run.leaveOut(["seed"], fartherThan: "name").count, run.int("seed", default: 7, ""))
        }
    }
    #expect(kept.value == (0, 1), "keys beside the decisive one stay")
}

@Test func automaticSwitchesTakeThreeWords() throws {
    func value(_ text: String) throws -> AutomaticSwitch {
        try ConfigurationDocument.parse(text: "a: \(text)\n", name: "test.yaml").readResolved {
            $0.automaticSwitch("a", default: .automatic, "")
        }.value
    }
    #expect(try value("auto") == .automatic)
    #expect(try value("true") == .on)
    #expect(try value("False") == .off)
    #expect(throws: ConfigurationError.self) { try value("perhaps") }
}
