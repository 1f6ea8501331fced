import ArgumentParser
import Checkpoints
import Datasets
import JSON
import Reporting
import Tasks
import Tensors
import Training

struct InspectDataCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect-data",
        abstract: "Reads every image of a configuration's data: classes, sizes, channels, broken files, and a picture.",
        discussion: """
            The picture shows images of up to ten classes, a row each: plain, then as epochs of training see them, \
            mixed with images of other rows where the configuration mixes. Files that cannot be read are named, and \
            the exit code is then 1.

            EXAMPLES:
              trainer inspect-data Configs/digits.yaml
              trainer inspect-data Configs/cifar10-pico.yaml --set data.path=photos
              trainer inspect-data Configs/imagenet-tiny-7x7.yaml --limit 5000 --json
            """)

    @Argument(help: "The configuration, a YAML file or a run folder.", completion: .config)
    var config: String

    @OptionGroup var overrides: Overrides

    @Option(
        help: ArgumentHelp("The picture; inspect-<name of the configuration>.png by default.", valueName: "file"),
        completion: .file(extensions: ["png"]))
    var output: String?

    @Option(parsing: .unconditional, help: "Images side by side in the picture.")
    var columns = 10

    @Option(parsing: .unconditional, help: "Read so many images of each part only, spread evenly.")
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Also write all images into a folder, with masks as PNG files whose values are the classes, or with objects as COCO files.",
            valueName: "folder"), completion: .directory)
    var export: String?

    @Flag(help: "Print JSON instead of tables; the picture is written with --output alone.")
    var json = false

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit is \(limit), expected at least 1") }
        if !(1...64).contains(columns) { throw ValidationError("--columns is \(columns), expected 1 to 64") }
    }

    func run() throws {
        let console = Console()
        let recipe = try openRecipe(config, overrides.values, console, data: true)
        let path = output ?? "inspect-\(stem(config)).png"
        let writesPicture = !json || output != nil
        // Whether it can be written shows before the work.
        if writesPicture { try AtomicFile.check(path) }
        StopRequest.listen(training: false)
        ThreadPool.use(recipe.training)
        try inspect(recipe, recipe.task, writesPicture ? path : nil, console)
    }

    /// - Parameter path: of the picture, nil for none.
    private func inspect<C: TaskConfiguration>(
        _ recipe: Recipe, _ task: C, _ path: String?, _ console: Console
    ) throws {
        let found = try DataInspection(recipe, task, limit: limit, console: progressConsole(json: json))
        // Impossible where no training image can be read, which is said below.
        var failure: (any Error)?
        var fitting: DataFitting?
        if found.parts[0].decoded > 0 {
            do { fitting = try found.fitting(recipe) } catch { failure = error }
        }
        for notice in found.notices + (fitting?.notices ?? []) { console.notice(notice) }
        let details = try found.details()
        // What was found is told before anything can be wrong with the recipe.
        console.text(
            json
                ? encode(found, fitting, details).text(pretty: true)
                : render(found, fitting, recipe, details, &failure))
        if let export {
            let written = try found.export(to: export)
            if !json { console.line("\(written.words) are written below \(export)") }
        }
        if failure == nil, let path {
            do {
                try AtomicFile.write(path, found.grid(recipe, columns: columns))
                if !json { console.line("written to \(path)") }
            } catch { failure = error }
        }
        if let failure {
            guard found.brokenCount > 0 else { throw failure }
            console.warning("\(failure)")
        }
        if found.brokenCount > 0 {
            throw RecipeError(
                "\(recipe.data.path): \(NumberText.grouped(found.brokenCount)) of "
                    + "\(NumberText.grouped(found.decodedCount)) images cannot be read")
        }
    }

    private func render<C: TaskConfiguration>(
        _ found: DataInspection<C>, _ fitting: DataFitting?, _ recipe: Recipe, _ details: [DataDetails?],
        _ failure: inout (any Error)?
    ) -> String {
        func values(_ values: [Double]) -> String {
            "[" + values.map { NumberText.fixed($0, decimals: 4) }.joined(separator: ", ") + "]"
        }
        var text = "\(recipe.data.path): \(found.format)"
        text += C.answersWithClasses ? ", \(found.classNames.count) classes\n\n" : "\n\n"
        text += Table(
            columns: ["part", "images", "read", "broken", "sizes", "cut", "colour", "mean", "deviation"],
            rows: found.parts.enumerated().map { index, part in
                [
                    part.name, NumberText.grouped(part.count), NumberText.grouped(part.decoded),
                    "\(part.broken.count)", sizes(part), cut(fitting?.costs[index]),
                    part.decoded == 0
                        ? "-" : NumberText.percentage(Double(part.colorCount) / Double(part.decoded), decimals: 0),
                    values(part.mean), values(part.deviation),
                ]
            }
        ).render()
        if C.answersWithClasses { text += "\n" + classes(found) }
        for (part, details) in zip(found.parts, details) {
            guard let details else { continue }
            text += "\n\(part.name)\n"
            text += Table(
                columns: details.columns.enumerated().map {
                    Table.Column($1, details.numbers.contains($0) ? .right : .left)
                }, rows: details.rows
            ).render()
        }
        if found.parts[0].decoded > 0 {
            if let fitting {
                text += "\ninput \(fitting.height)x\(fitting.width)"
                text +=
                    found.task.input != nil
                    ? ", windows that are cut out of the images\n"
                    : "; cut is the part of an image's area that is lost, on average "
                        + "and at most (data.fit: \(fitting.fit.rawValue))\n"
            }
            do {
                let used = try found.normalization(recipe)
                text += "\nnormalised with mean \(values(used.mean)) and deviation \(values(used.deviation))\n"
            } catch { failure = error }
        }
        if !found.duplicates.isEmpty {
            text +=
                "\nidentical images\n"
                + found.duplicates.lines.map { "  " + TextWidth.singleLine($0) + "\n" }.joined()
        }
        let broken = found.parts.flatMap(\.broken)
        if !broken.isEmpty {
            text +=
                "\nbroken files\n" + broken.prefix(100).map { "  " + TextWidth.singleLine($0.problem) + "\n" }.joined()
            if broken.count > 100 { text += "  ... and \(broken.count - 100) more (--json names all)\n" }
        }
        return text
    }

    private func cut(_ cost: CroppingCost?) -> String {
        guard let cost else { return "-" }
        func percent(_ part: Double) -> String { NumberText.percentage(part, decimals: 0) }
        return cost.largest == 0 ? "none" : "\(percent(cost.mean)), \(percent(cost.largest))"
    }

    private func sizes(_ part: InspectedPart) -> String {
        guard let first = part.sizes.first else { return "-" }
        if part.sizes.count == 1 { return "\(first.width)x\(first.height)" }
        let areas = part.sizes.sorted { $0.width * $0.height < $1.width * $1.height }
        let (small, large) = (areas[0], areas[areas.count - 1])
        return "\(part.sizes.count), \(small.width)x\(small.height) to \(large.width)x\(large.height)"
    }

    /// At most 40 classes, the largest and the smallest of them.
    private func classes<C: TaskConfiguration>(_ found: DataInspection<C>) -> String {
        let train = found.parts[0]
        let order = found.classNames.indices.sorted {
            (train.classCounts[$1], $0) < (train.classCounts[$0], $1)
        }
        let isLong = order.count > 40
        let counted = C.countsObjects ? "objects" : "images"
        let whole = C.countsObjects ? train.classCounts.reduce(0, +) : train.count
        func rows(_ indices: some Sequence<Int>) -> [[String]] {
            indices.map { index in
                let share = Double(train.classCounts[index]) / Double(max(1, whole))
                return [found.classNames[index]] + found.parts.map { NumberText.grouped($0.classCounts[index]) } + [
                    NumberText.percentage(share)
                ]
            }
        }
        let shown =
            isLong ? rows(order.prefix(20)) + [["..."]] + rows(order.suffix(20)) : rows(found.classNames.indices)
        var text = Table(
            columns: [Table.Column("class", .left)] + found.parts.map { Table.Column($0.name, .right) } + [
                Table.Column("of training", .right)
            ], rows: shown
        ).render()
        if let most = train.classCounts.max(), let least = train.classCounts.min() {
            let ratio =
                least > 0 ? NumberText.fixed(Double(most) / Double(least), decimals: 2) + " times" : "infinitely"
            text +=
                most == least
                ? "all classes have equally many training \(counted)\n"
                : "the largest class has \(ratio) the \(counted) of the smallest in training\n"
        }
        return text
    }

    private func encode(_ duplicates: Duplicates) -> JSONValue {
        func examples(_ names: [(String, String)]) -> JSONValue {
            .array(names.map { .array([.string($0.0), .string($0.1)]) })
        }
        return [
            "acrossParts": .array(
                duplicates.acrossParts.map {
                    [
                        "part": .string($0.part), "other": .string($0.other), "images": .integer($0.count),
                        "inAnotherClass": .integer($0.otherClassCount), "examples": examples($0.examples),
                    ]
                }),
            "withinParts": .array(
                duplicates.withinParts.map {
                    [
                        "part": .string($0.part), "inTheSameClass": .integer($0.count),
                        "inAnotherClass": .integer($0.otherClassCount), "examples": examples($0.examples),
                    ]
                }),
        ]
    }

    private func encode<C: TaskConfiguration>(
        _ found: DataInspection<C>, _ fitting: DataFitting?, _ details: [DataDetails?]
    ) -> JSONValue {
        func cut(_ cost: CroppingCost?) -> JSONValue {
            guard let cost else { return .null }
            return ["mean": .number(cost.mean), "median": .number(cost.median), "largest": .number(cost.largest)]
        }
        return [
            "format": .string(found.format), "classes": .array(found.classNames.map { .string($0) }),
            "input": fitting.map { ["height": .integer($0.height), "width": .integer($0.width)] } ?? .null,
            "parts": .array(
                found.parts.enumerated().map { index, part in
                    [
                        "name": .string(part.name), "images": .integer(part.count), "read": .integer(part.decoded),
                        "colour": .integer(part.colorCount),
                        "classCounts": .array(part.classCounts.map { .integer($0) }),
                        "details": details[index]?.json ?? .null,
                        "sizes": .array(
                            part.sizes.map {
                                [
                                    "width": .integer($0.width), "height": .integer($0.height),
                                    "images": .integer($0.count),
                                ]
                            }),
                        "cut": cut(fitting?.costs[index]),
                        "mean": .array(part.mean.map { .number($0) }),
                        "deviation": .array(part.deviation.map { .number($0) }),
                        "broken": .array(
                            part.broken.map { ["name": .string($0.name), "problem": .string($0.problem)] }),
                    ]
                }),
            "duplicates": encode(found.duplicates),
        ]
    }
}
