import ArgumentParser
import Checkpoints
import Datasets
import Distributed
import Foundation
import JSON
import Reporting
import Tasks
import Tensors
import Training

extension PartChoice: ExpressibleByArgument {}

struct EvaluateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate", abstract: "Measures weights on images with labels: the test part, or another.",
        discussion: """
            A run folder stands for its best weights and for its configuration, which names the data; --data takes \
            another configuration, another run's, or a folder of images. Without --part the test images are measured, \
            or, where there are none, the validation images that the run held out. Classes are matched by name.

            With --labels no weights are needed: the index PNGs of the folder --predictions are measured against those \
            of the same names in the folder --labels. With --annotations a file of detections in COCO's format is measured \
            against a file of COCO instances, by COCO's rules. With --against two files of a classifier's answers on the same \
            images are compared by McNemar's test.

            EXAMPLES:
              trainer evaluate Runs/digits
              trainer evaluate Runs/digits --part validation
              trainer evaluate Runs/photos --predictions answers.csv
              trainer evaluate Runs/photos --set data.path=other/photos --json
              trainer evaluate weights.safetensors --data Configs/digits.yaml
              trainer evaluate Runs/digits --precision bf16
              trainer evaluate Runs/photos --flip
              trainer evaluate --predictions answers/masks --labels labels \\
                --classes 11 --ignore 255 --json
              trainer evaluate Runs/cells --predictions detections.json
              trainer evaluate --predictions detections.json \\
                --annotations instances.json --masks
              trainer evaluate --predictions answers.csv --against others.csv
            """)

    @Argument(help: "A weights file that trainer wrote, or a run folder (its best weights).", completion: .weights)
    var weights: String?

    @Option(
        help: ArgumentHelp(
            "The configuration or run whose data is used, or a folder of images; the run's own by default.",
            valueName: "config"), completion: .config)
    var data: String?

    @OptionGroup var overrides: Overrides

    @Option(help: "The images to measure: train, validation, test, or all of data without parts.")
    var part: PartChoice?

    @Option(
        help: ArgumentHelp(
            "Write a row for each image: path, label, prediction and probabilities, or a segmenter's or detector's "
                + "measures; a detector's answers as COCO results where the name ends with .json. With --labels the folder of "
                + "answers, with --annotations the COCO results.", valueName: "file"),
        completion: .file(extensions: ["csv", "json"]))
    var predictions: String?

    @Option(
        help: ArgumentHelp(
            "Measure the index PNGs of --predictions against those of this folder.", valueName: "folder"),
        completion: .directory)
    var labels: String?

    @Option(parsing: .unconditional, help: "With --labels: how many classes there are.")
    var classes: Int?

    @Option(
        parsing: .unconditionalSingleValue, help: "With --labels: a value that counts for nothing; may be repeated.")
    var ignore: [Int] = []

    @Option(parsing: .unconditional, help: "With --labels: the class that is left out of the mean Dice.")
    var background: Int?

    @Option(
        help: ArgumentHelp(
            "Measure the detections of --predictions against this file of COCO instances.", valueName: "file.json"),
        completion: .file(extensions: ["json"]))
    var annotations: String?

    @Option(
        help: ArgumentHelp(
            "Compare the classifier's answers of --predictions with those of this file.", valueName: "file.csv"),
        completion: .file(extensions: ["csv"]))
    var against: String?

    @Flag(help: "With --annotations: measure masks instead of boxes; with --predictions <file.json>: write masks.")
    var masks = false

    @Flag(
        help: ArgumentHelp(
            "With --annotations: never find an object whose id is 0, as pycocotools does; it changes no other numbers.")
    )
    var reference = false

    @Flag(help: "Ask a classifier about the mirrored images as well, and average the probabilities.")
    var flip = false

    @OptionGroup var distribution: Distribution

    @OptionGroup var inference: InferencePrecision

    @Flag(help: "Print JSON instead of tables.")
    var json = false

    func validate() throws {
        if flip, weights == nil {
            throw ValidationError(
                "--flip asks a model, but no weights are given, expected a weights file or a run folder")
        }
        if against != nil { return try validateAnswers() }
        if annotations != nil { return try validateDetections() }
        if reference { throw ValidationError("--reference goes with --annotations") }
        if masks, predictions?.hasSuffix(".json") != true {
            throw ValidationError("--masks goes with --annotations, or with --predictions <file.json>")
        }
        guard labels != nil else {
            if weights == nil {
                throw ValidationError(
                    "no weights are given, expected a weights file or a run folder, or --predictions and --labels with two folders, or --predictions and --annotations with two files"
                )
            }
            if classes != nil || !ignore.isEmpty || background != nil {
                throw ValidationError("--classes, --ignore and --background go with --labels")
            }
            return
        }
        if weights != nil { throw ValidationError("--labels measures --predictions alone; leave the weights out") }
        if predictions == nil {
            throw ValidationError("--labels needs the folder of answers beside it, expected --predictions <folder>")
        }
        guard let classes else { throw ValidationError("--labels needs the number of classes, expected --classes <n>") }
        try check("--classes", classes, in: 1...254)
        try check("--background", background, in: 0...classes - 1)
        for value in ignore { try check("--ignore", value, in: 0...65_535) }
    }

    private func validateAnswers() throws {
        if weights != nil { throw ValidationError("--against compares two files of answers; leave the weights out") }
        if labels != nil || annotations != nil || classes != nil || !ignore.isEmpty || background != nil || masks
            || reference
        {
            throw ValidationError(
                "--against compares classifiers' answers, which go with --predictions and --json alone")
        }
        if predictions == nil {
            throw ValidationError("--against needs answers beside it, expected --predictions <file.csv>")
        }
    }

    private func validateDetections() throws {
        if weights != nil { throw ValidationError("--annotations measures --predictions alone; leave the weights out") }
        if labels != nil || classes != nil || !ignore.isEmpty || background != nil {
            throw ValidationError("--annotations and --labels are two ways to measure; leave one out")
        }
        if predictions == nil {
            throw ValidationError("--annotations needs detections beside it, expected --predictions <file.json>")
        }
    }

    func run() throws { try distribution.run { try evaluate() } }

    private func evaluate() throws {
        let console = Console.ofRoot
        if let against, let predictions {
            let found = try AnswerComparison(predictions, against)
            console.text(json ? found.json.text(pretty: true) : found.text)
            return
        }
        if let annotations, let predictions {
            let found = try DetectionComparison(
                predictions: predictions, annotations: annotations, kind: masks ? .masks : .boxes,
                followsReference: reference)
            console.text(json ? found.json.text(pretty: true) : found.text)
            for notice in found.notices { console.notice(notice) }
            return
        }
        if let labels, let predictions, let classes {
            try compare(predictions, labels, classes, console)
            return
        }
        let (path, weights) = try Weights.find(self.weights ?? "")
        var recipe = try measuredRecipe(self.weights ?? "", data: data, overrides.values, console)
        if let line = try recipe.training.shareProcessors() { progressConsole(json: json).line(line) }
        // Whether it can be written shows before the work.
        var file: AtomicFile.Stream?
        try ProcessGroup.current.writing { file = try predictions.map { try AtomicFile.Stream($0) } }
        if let notice = ThreadPool.use(recipe.training) { console.notice(notice) }
        try measure(path, weights, recipe, try recipe.checkedTask(for: weights, path), file, console)
    }

    private func compare(_ predictions: String, _ labels: String, _ classes: Int, _ console: Console) throws {
        let found = try MaskComparison(
            predictions: predictions, labels: labels, classes: classes, ignored: Set(ignore), background: background)
        console.text(json ? found.json.text(pretty: true) : found.text)
    }

    private func measure<C: TaskConfiguration>(
        _ path: String, _ weights: Weights, _ recipe: Recipe, _ configuration: C, _ file: AtomicFile.Stream?,
        _ console: Console
    ) throws {
        let images = try configuration.openPart(
            recipe.dataRequest, part, isTrainedOn: Weights.mayHaveLearnt(path, from: recipe.data.path))
        for notice in images.notices { console.notice(notice) }
        let dataset = try weights.matched(images.dataset, recipe.data, C.self)
        let task = try C.task(weights.metadata.vocabulary)
        try ProcessGroup.current.agree("the weights", weights.store.sha256)
        if flip, !(task is ClassificationTask) {
            throw ValidationError(
                "\(path) is of the task \(C.name), whose answers --flip does not average; a segmenter averages "
                    + "where evaluation.flip is set in its training")
        }
        let isResults = predictions?.hasSuffix(".json") == true
        if isResults, !task.writesResults {
            throw ValidationError(
                "\(path) is of the task \(C.name), which writes no COCO results, expected --predictions <file.csv>")
        }
        let loader = BatchLoader(
            dataset, transform: try Transform(weights.metadata.transform, mode: .evaluation),
            collator: task.collator(training: false),
            options: LoaderOptions(
                batchSize: recipe.training.evaluationBatchSize, threads: recipe.training.loaderThreads, cacheBudget: 0))
        let progress = WorkProgress(progressConsole(json: json), "image", of: dataset.count)
        var options = EvaluationOptions(images: dataset.count) { dataset.name($0) }
        options.isComplete = true
        options.mirrors = flip
        if let file, !isResults { options.row = { try file.write(CSV.line($0)) } }
        let findings = try inference.packed(weights.store, console).whileAsking {
            try task.evaluate(weights.model, weights.store, loader, options) { progress.add($0) }
        }
        progress.finish()
        if let file, isResults { try task.writeResults(findings, masks: masks) { try file.write($0) } }
        try file?.finish()
        console.text(
            json
                ? encode(task.members(findings), path, recipe, images.choice).text(pretty: true)
                : render(task.text(findings), recipe, images.choice))
        for notice in findings.notices { console.notice(notice) }
    }

    private func render(_ text: String, _ recipe: Recipe, _ part: PartChoice) -> String {
        let images = part == .all ? "all images" : part.rawValue + " part"
        let written = predictions.map { "\nwritten to \(TextWidth.singleLine($0))\n" } ?? ""
        return TextWidth.singleLine("data    \(recipe.data.path), \(images)") + "\n" + text + written
    }

    private func encode(
        _ members: [JSONValue.Member], _ path: String, _ recipe: Recipe, _ part: PartChoice
    ) -> JSONValue {
        let place: [JSONValue.Member] = [
            .init("weights", .string(path)), .init("data", .string(recipe.data.path)),
            .init("part", .string(part.rawValue)),
        ]
        return .object(place + members + (predictions.map { [.init("predictions", .string($0))] } ?? []))
    }
}
