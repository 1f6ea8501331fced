import ArgumentParser
import Reporting
import Tasks
import Tensors
import Training

struct PredictCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict", abstract: "Names the classes of images, or of their pixels.",
        discussion: """
            Images are files, folders (all images below them, by name), - for one image on the standard input, or \
            @FILE for a list with one path a line. Answers come as they are found; an image that cannot be read is told \
            on the error output, the others are answered all the same, and the exit code is then 1.

            A segmenter answers images in their own size, those of over a million pixels window by window; with --output \
            it writes masks/NAME.png, whose values are the classes, and overlays/NAME.png. A detector answers with the \
            objects that it is surer of than --threshold; with --output it writes pictures/NAME.png, labels/NAME.txt as \
            YOLO's tools do, and detections.json as COCO's results, image_id being the image's number from 1. A model for \
            super-resolution writes NAME.png, the enlarged image, of images of any size.

            --explain shows where in an image the answer of a classifier or a segmenter comes from, over the image as the \
            model sees it, orange for the answer and blue against it: explanations/NAME.png below --output.

            EXAMPLES:
              trainer predict Runs/digits a.png b.jpg
              trainer predict Runs/photos holiday/ --top 1
              trainer predict Runs/photos photo.jpg --top 3 --json
              trainer predict Runs/photos @list.txt --csv answers.csv
              trainer predict Runs/photos - < photo.jpg
              trainer predict Runs/scenes street/ --output answers --json
              trainer predict Runs/photos a.jpg --explain gradcam --output why
              trainer predict Runs/cells slides/ --threshold 0.5 --output answers
              trainer predict w.safetensors --prepared x.safetensors --logits --json
            """)

    @Argument(help: "A weights file that trainer wrote, or a run folder (its best weights).", completion: .weights)
    var weights: String

    @Argument(
        help: "Image files, folders, - or @list.", completion: .file(extensions: ["jpg", "jpeg", "png", "webp"]))
    var images: [String] = []

    @Option(
        help: ArgumentHelp(
            "A safetensors file whose tensor `images` [N, channels, height, width] is taken as it is, normalised already.",
            valueName: "file"), completion: .weights)
    var prepared: String?

    @Option(parsing: .unconditional, help: "How many classes to show per image, at most all.")
    var top = 5

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "Write a row for each image, with the probability of each class; - is the standard output.",
            valueName: "file"), completion: .file(extensions: ["csv"]))
    var csv: String?

    @Option(
        help: ArgumentHelp(
            "A folder for what is said as files: a segmenter's masks and overlays, a detector's pictures and labels.",
            valueName: "folder"),
        completion: .directory)
    var output: String?

    @Option(
        parsing: .unconditional,
        help: "The least score of a detector's objects; by default that of the best F1, which the weights keep.")
    var threshold: Double?

    @OptionGroup var explanation: ExplanationChoice

    @OptionGroup var inference: InferencePrecision

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    @Flag(help: "Also give the model's raw outputs, in JSON.")
    var logits = false

    func validate() throws {
        try check("--top", top, in: 1...Int.max)
        if let threshold, !(0...1).contains(threshold) {
            throw ValidationError("--threshold is \(threshold), expected 0 to 1")
        }
        if images.isEmpty, prepared == nil {
            throw ValidationError(
                "no image is given, expected at least one image file, a folder, - (standard input) or @list")
        }
        if explanation.explain != nil {
            if prepared != nil {
                throw ValidationError("--explain is about images, which --prepared does not read; give one of them")
            }
            if output == nil, !json {
                throw ValidationError("--explain has nowhere to go, expected --output FOLDER or --json with it")
            }
        }
        if logits, !json { throw ValidationError("--logits is part of the JSON output, expected --json with it") }
        if json, csv != nil { throw ValidationError("--json and --csv exclude each other; give one of them") }
    }

    func run() throws {
        let weights = try Weights.find(self.weights).weights
        let configuration = try TaskRegistry.type(weights.metadata.vocabulary.task)
        try inference.packed(weights.store, Console()).whileAsking { try predict(weights, configuration) }
    }

    private func predict<C: TaskConfiguration>(_ weights: Weights, _ configuration: C.Type) throws {
        let task = try C.task(weights.metadata.vocabulary)
        var options = PredictionOptions(top: top, showsOutputs: logits)
        options.threshold = threshold
        let explanation = try explanation.options(
            classes: weights.metadata.classNames, of: self.weights)
        if explanation?.method.readsAttentions == true { try AttentionReading.check(weights.model) }
        let predictor = Predictor(weights: weights, task: task, options: options, explanation: explanation)
        if output != nil, !task.predictsWholeImages, explanation == nil {
            throw ValidationError(
                "\(self.weights) is of the task \(C.name), which writes no files, expected a segmenter, a detector or a model that enlarges with --output, or --explain"
            )
        }
        let folder = try output.map { try PredictionFolder($0) }
        let batch = try prepared.map { ($0, try predictor.preparedImages($0)) }
        let console = Console()
        let sources = ImageSources(images)
        let format: PredictionWriter.Format = json ? .json : csv.map { .csv($0) } ?? .table
        let writer = try PredictionWriter(
            format, task.predictionColumns,
            images: sources.sources.lazy.map(\.name) + (prepared.map { [$0 + "[0000]"] } ?? []), console: console)
        var failures = 0
        func add(_ outcome: Result<Prediction, PredictionFailure>, _ image: String) throws {
            switch outcome {
            case .success(let prediction): try writer.add(prediction, files: try folder?.write(prediction) ?? [])
            case .failure(let failure):
                failures += 1
                writer.add(failure: failure.reason, image: image)
            }
        }
        for start in stride(from: 0, to: sources.sources.count, by: predictor.batchSize) {
            let part = sources.sources[start..<min(sources.sources.count, start + predictor.batchSize)]
            for (source, outcome) in zip(part, try predictor.predict(Array(part))) {
                try add(outcome, source.name)
            }
        }
        if let (path, images) = batch {
            for start in stride(from: 0, to: images.shape[0], by: predictor.batchSize) {
                let range = start..<min(images.shape[0], start + predictor.batchSize)
                let names = range.map { "\(path)[\($0)]" }
                for (name, outcome) in zip(names, predictor.predict(names, images.rows(range))) {
                    try add(outcome, name)
                }
            }
        }
        try writer.finish()
        if let folder {
            try folder.finish()
            let files = folder.count == 1 ? "1 file is" : "\(folder.count) files are"
            console.notice("\(files) written below \(folder.path).")
        }
        if let notice = sources.notice { console.notice(notice) }
        if failures > 1 {
            console.notice("\(failures) of \(sources.sources.count + (batch?.1.shape[0] ?? 0)) images have no answer.")
        }
        if failures > 0 { throw ExitCode.failure }
    }
}
