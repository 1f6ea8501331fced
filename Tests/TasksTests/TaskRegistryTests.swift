import Configuration
import Datasets
import Tasks
import Tensors
import Testing

/// Classification under another name.
private struct Renamed: TaskConfiguration {
    static let name = "renamed"
    static let summary = "the same again"
    let own: ClassificationConfiguration
    let size: Int

    init(_ reader: ConfigurationReader) {
        own = ClassificationConfiguration(labelSmoothing: 0)
        size = reader.section("loss", "") { $0.int("size", default: 3, "A size") }
    }

    func open(_ request: DataRequest) throws -> DatasetSplits<ClassLabel> { try own.open(request) }
    func makeTask(
        _ vocabulary: Vocabulary, training: (any LabeledDataset)?
    ) throws -> ClassificationTask { try own.makeTask(vocabulary, training: training) }
    static func task(_ vocabulary: Vocabulary) -> ClassificationTask { ClassificationConfiguration.task(vocabulary) }
    static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> ClassLabel { ClassLabel(0) }
}

/// A name that the package has itself.
private struct Taken: TaskConfiguration {
    static let name = "classification"
    static let summary = ""
    init(_ reader: ConfigurationReader) {}
    func open(_ request: DataRequest) throws -> DatasetSplits<ClassLabel> {
        try ClassificationConfiguration().open(request)
    }
    func makeTask(
        _ vocabulary: Vocabulary, training: (any LabeledDataset)?
    ) throws -> ClassificationTask { ClassificationConfiguration.task(vocabulary) }
    static func task(_ vocabulary: Vocabulary) -> ClassificationTask { ClassificationConfiguration.task(vocabulary) }
    static func example(
        _ vocabulary: Vocabulary, height: Int, width: Int, _ random: inout Random
    ) -> ClassLabel { ClassLabel(0) }
}

private func read(_ text: String) throws -> any TaskConfiguration {
    try ConfigurationDocument.parse(text: text, name: "x.yaml", overrides: []).readResolved { TaskRegistry.read($0) }
        .value
}

@Suite struct TaskRegistryTests {
    @Test func anUnknownNameIsRefusedWithThoseThatThereAre() {
        #expect(TaskRegistry.task("dreaming") == nil)
        let error = #expect(throws: RecipeError.self) { try TaskRegistry.type("dreaming") }
        #expect(
            error?.description
                == "the task dreaming is unknown to this program, expected one of classification, segmentation, detection, "
                + "instances, superResolution, multiLabel, regression")
        #expect(throws: ConfigurationError.self) { try read("task: dreaming") }
    }

    @Test func theFirstTaskIsTheDefault() throws {
        #expect(try read("{}") is ClassificationConfiguration)
        #expect(try TaskRegistry.type("classification").name == "classification")
        #expect(TaskRegistry.builtIn.first is ClassificationConfiguration.Type)
    }

    @Test func aNameThatIsTakenIsRefused() {
        #expect(throws: RecipeError("the task classification is registered already, expected another name")) {
            try TaskRegistry.register(Taken.self)
        }
    }

    /// In a process of its own: the list is the whole process's, and other suites read it.
    @Test func aRegisteredTaskIsFoundByItsNameAndReadsItsOwnKeys() async {
        await #expect(processExitsWith: .success) {
            try TaskRegistry.register(Renamed.self)
            #expect(
                TaskRegistry.all.map { $0.name } == [
                    "classification", "segmentation", "detection", "instances", "superResolution", "multiLabel",
                    "regression", "renamed",
                ])
            #expect(try TaskRegistry.type("renamed") is Renamed.Type)
            let found = try read("task: renamed\nloss: {size: 5}")
            #expect((found as? Renamed)?.size == 5)
            #expect(try read("loss: {labelSmoothing: 0.2}") is ClassificationConfiguration)
            #expect(throws: ConfigurationError.self) { try read("task: renamed\nloss: {labelSmoothing: 0.2}") }
            #expect(throws: RecipeError("the task renamed is registered already, expected another name")) {
                try TaskRegistry.register(Renamed.self)
            }
            #expect(TaskRegistry.all.count == 8)
        }
    }
}

@Suite struct VocabularyTests {
    private let own = Vocabulary(task: "classification", classNames: ["cat", "dog"])

    @Test func theSameHasNoDifference() { #expect(own.difference(of: own, place: "photos") == nil) }

    @Test func theFirstDifferenceIsToldInWords() {
        func difference(_ names: [String], task: String = "classification") -> String? {
            own.difference(of: Vocabulary(task: task, classNames: names), place: "photos")
        }
        #expect(
            difference(["cat", "dog"], task: "dreaming") == "was trained for dreaming, but photos is for classification"
        )
        #expect(difference(["cat"]) == "knows 1 classes, but the student learns 2 (photos)")
        #expect(difference(["dog", "cat"]) == "knows class 0 as 'dog', but it is 'cat' in photos")
        #expect(difference(["cat", "bird"]) == "knows class 1 as 'bird', but it is 'dog' in photos")
    }
}
