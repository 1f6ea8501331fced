import Configuration
import JSON
import Reporting
import Tensors
import Training

/// What to say of an option that a command does not have. It is looked for when the command line was refused, since
/// checks of a command's own, or a missing argument, would otherwise be all that is told.
struct UnknownOption {
    /// Of the command that was called.
    private let names: [String]
    private let takesValue: Set<String>
    private let arguments: [String]

    /// - Parameters:
    ///   - help: what `_dumpHelp` tells of the program.
    ///   - arguments: those of the process, the program's name first.
    init?(help: String, arguments: [String]) {
        guard arguments.count > 2, let root = try? JSONValue(parsing: help)["command"],
            let command = root["subcommands"]?.arrayValue?.first(where: {
                $0["commandName"]?.stringValue == arguments[1]
            })
        else { return nil }
        var names: [String] = []
        var takesValue: Set<String> = []
        for argument in command["arguments"]?.arrayValue ?? [] {
            for name in argument["names"]?.arrayValue ?? [] {
                guard let word = name["name"]?.stringValue else { continue }
                let option = (name["kind"]?.stringValue == "long" ? "--" : "-") + word
                names.append(option)
                if argument["kind"]?.stringValue == "option" { takesValue.insert(option) }
            }
        }
        self.names = names
        self.takesValue = takesValue
        self.arguments = Array(arguments.dropFirst(2))
    }

    /// One sentence about the first unknown option, nil where all are known.
    var sentence: String? {
        var index = 0
        while index < arguments.count, arguments[index] != "--" {
            let argument = arguments[index]
            index += 1
            guard argument.hasPrefix("-"), argument != "-" else { continue }
            let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if names.contains(parts[0]) || Self.everywhere.contains(parts[0]) {
                if takesValue.contains(parts[0]), parts.count == 1 { index += 1 }
                continue
            }
            let next = index < arguments.count && !arguments[index].hasPrefix("-") ? arguments[index] : nil
            return "Unknown option '\(parts[0])'" + advice(parts[0], value: parts.count > 1 ? parts[1] : next)
        }
        return assignment
    }

    private static let everywhere: Set<String> = [
        "-h", "--help", "--version", "--help-hidden", "--generate-completion-script", "--experimental-dump-help",
    ]

    private func advice(_ option: String, value: String?) -> String {
        let word = String(option.drop { $0 == "-" })
        let plain = word.lowercased().filter { $0 != "-" && $0 != "_" }
        func isPlain(_ name: String) -> Bool {
            name.lowercased().filter { $0 != "-" && $0 != "_" } == plain
        }
        if let same = names.first(where: isPlain) { return ", did you mean \(same)?" }
        if ["device", "gpu", "gpus", "cuda", "accelerator", "devices", "mps"].contains(plain) {
            return ", training is done by the processor; training.threads says by how many threads"
        }
        if ["name", "project", "runname", "exp", "out", "o", "outdir", "outputdir", "savedir", "logdir"].contains(
            plain),
            names.contains("--output")
        {
            let folder = value.map { plain == "name" || plain == "runname" || plain == "exp" ? "Runs/\($0)" : $0 }
            return ", did you mean --output \(folder.map(ShellWord.quoted) ?? "FOLDER")?"
        }
        if ["config", "cfg", "c", "configfile", "source", "image", "images", "input"].contains(plain) {
            let subject =
                ["source", "image", "images", "input"].contains(plain) ? "images stand" : "the configuration stands"
            return ", \(subject) without an option" + (value.map { ": \(ShellWord.quoted($0))" } ?? "")
        }
        if names.contains("--set"), let key = Self.key(word) {
            return ", did you mean --set \(key)=\(Self.value(plain, key, value))?"
        }
        if let near = nearest(option, in: names) { return ", did you mean \(near)?" }
        let listed = names.filter { $0.hasPrefix("--") && $0 != "--help" && $0 != "--version" }
        return listed.isEmpty ? "" : ", expected one of \(listed.joined(separator: ", "))"
    }

    /// The key that a word stands for: by what other programs call it, or the only key of that name.
    private static func key(_ word: String) -> String? {
        if let known = FieldNames.key(of: word) { return known }
        guard let reference = try? ConfigurationReference.all() else { return nil }
        let paths = reference.keys.filter { !$0.isSection }.map(\.path)
        if word.contains("."), paths.contains(word) { return word }
        let found = FieldNames.keys(named: word, in: paths)
        return Set(found).count == 1 ? found[0] : nil
    }

    private static func value(_ option: String, _ key: String, _ value: String?) -> String {
        if key == "training.precision" { return "bf16" }
        guard let value else { return "VALUE" }
        return ShellWord.quoted(key == "data.imageSize" && Int(value) != nil ? "[\(value)]" : value)
    }

    /// `epochs=5` without an option before it.
    private var assignment: String? {
        guard names.contains("--set") else { return nil }
        for (index, argument) in arguments.enumerated().dropFirst() where !argument.hasPrefix("-") {
            guard !takesValue.contains(arguments[index - 1]), let equals = argument.firstIndex(of: "=") else {
                continue
            }
            let word = String(argument[..<equals])
            guard let key = Self.key(word) else { continue }
            return "Unexpected argument '\(argument)', did you mean --set "
                + ShellWord.quoted("\(key)=\(argument[argument.index(after: equals)...])") + "?"
        }
        return nil
    }
}
