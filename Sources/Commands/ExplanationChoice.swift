import ArgumentParser
import Tasks
import Training

extension ExplanationMethod: ExpressibleByArgument {}

/// The options of `predict` that ask where in an image an answer comes from.
struct ExplanationChoice: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Show where in an image its answer comes from, as a picture below --output and in JSON: gradcam, occlusion, attention or rollout (the last two for CvT and Swin).",
            valueName: "method"))
    var explain: ExplanationMethod?

    @Option(help: ArgumentHelp("The class to explain; the model's answer by default.", valueName: "class"))
    var explainClass: String?

    @Option(
        help: ArgumentHelp(
            "The tap whose maps gradcam looks at, as distill names them; the backbone's last with more than one place by default.",
            valueName: "tap"))
    var explainTap: String?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp(
            "The side of the square that occlusion covers, in pixels of the model's input; a sixth of the shorter side by default.",
            valueName: "pixels"))
    var square: Int?

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Pixels from one square to the next; half of a square by default.", valueName: "pixels"))
    var step: Int?

    func validate() throws {
        try check("--square", square, in: 1...8192)
        try check("--step", step, in: 1...8192)
        let given = [
            ("--explain-class", explainClass != nil), ("--explain-tap", explainTap != nil), ("--square", square != nil),
            ("--step", step != nil),
        ].filter(\.1).map(\.0)
        if let option = given.first, explain == nil {
            throw ValidationError("\(option) belongs to --explain, expected --explain METHOD with it")
        }
        if explainTap != nil, explain != .gradcam {
            throw ValidationError("--explain-tap belongs to gradcam, expected --explain gradcam with it")
        }
        if let option = given.first(where: { $0 == "--square" || $0 == "--step" }), explain != .occlusion {
            throw ValidationError("\(option) belongs to occlusion, expected --explain occlusion with it")
        }
    }

    /// - Parameters:
    ///   - classes: those of the weights.
    ///   - name: of the weights, for the sentence.
    /// - Throws: for a class that the weights do not know.
    func options(classes: [String], of name: String) throws -> ExplanationOptions? {
        guard let explain else { return nil }
        var options = ExplanationOptions(explain)
        (options.tap, options.square, options.step) = (explainTap, square, step)
        if let explainClass {
            guard let index = classes.firstIndex(of: explainClass) else {
                let some = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", ..." : "")
                throw ValidationError(
                    "--explain-class is \(explainClass), which \(name) does not know, expected one of \(some)")
            }
            options.classIndex = index
        }
        return options
    }
}
