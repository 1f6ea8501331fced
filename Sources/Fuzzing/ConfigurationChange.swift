import Configuration
import JSON
import Tensors
import Training

/// Makes configurations of the keys that there are, most of them with values of their kind, one or two with hostile ones.
struct ConfigurationChange: Sendable {
    private struct Choice: Sendable {
        let section: String
        let name: String
        let forms: [ConfigurationReference.Form]
    }

    private let choices: [Choice]
    private static let families = [
        "name: hornet, baseWidth: 4, depths: [1, 1], orders: [1, 2], mixers: [7x7, gf], stemStride: 1",
        "name: convnext, widths: [4, 8], depths: [1, 1], stemStride: 1",
        "name: resnet, baseWidth: 2, depths: [1], stem: small",
        "name: cvt, widths: [4, 8], heads: [1, 2], depths: [1, 1], embedKernels: [3, 3], embedStrides: [1, 2]",
        "name: swin, baseWidth: 4, depths: [1, 2], heads: [1, 2], stemStride: 1, window: 3, fitsWindows: true",
        "name: mobileformer, stemWidth: 4, stemStride: 1, widths: [4, 8], expansions: [1, 2], strides: [1, 2], "
            + "tokens: 2, tokenWidth: 4, embedding: 4",
        "name: hdsrnet, width: 4, groups: 1, experts: 2",
    ]

    private static let heads = ["upernet", "semanticFPN", "fcn", "unet", "segnetr"]
    private static let detectors = ["retinanet", "reppoints", "fasterRcnn", "cascadeRcnn"]
    private static let maskDetectors = ["maskRcnn", "cascadeMaskRcnn"]

    init() throws {
        choices = try ConfigurationReference.all().keys.filter { !$0.isSection && !$0.path.contains("[") }.map {
            Choice(section: $0.section, name: $0.name, forms: $0.forms)
        }
    }

    var change: StructuredChange {
        StructuredChange { [self] bytes, random in bytes = Array(text(&random).utf8) }
    }

    private func text(_ random: inout Random) -> String {
        let family = Self.families[random.integer(below: Self.families.count)]
        let familyName = String(family.dropFirst(6).prefix { $0 != "," })
        var sections: [(name: String, keys: [(name: String, value: String)])] = []
        func set(_ section: String, _ name: String, _ value: String) {
            let place = sections.firstIndex { $0.name == section } ?? sections.count
            if place == sections.count { sections.append((section, [])) }
            if let known = sections[place].keys.firstIndex(where: { $0.name == name }) {
                sections[place].keys[known].value = value
            } else {
                sections[place].keys.append((name, value))
            }
        }
        let tasks: [(name: String, heads: [String])] = [
            ("classification", []), ("segmentation", Self.heads), ("detection", Self.detectors),
            ("instances", Self.maskDetectors), ("superResolution", []),
            ("multiLabel", []), ("regression", []),
        ]
        let task = tasks[random.integer(below: tasks.count)]
        let isDense = !task.heads.isEmpty
        var labels: Set = [familyName, task.name]
        set("data", "path", isDense ? "scenes" : "digits")
        if task.name == "superResolution" {
            set("data", "patch", "8")
        } else {
            set("data", "imageSize", isDense ? "[32, 32]" : "[8, 8]")
        }
        if isDense {
            let head = task.heads[random.integer(below: task.heads.count)]
            labels.insert(head)
            set("head", "kind", head)
        }
        for pair in family.split(separator: /, (?=[a-zA-Z]+:)/) {
            let parts = pair.split(separator: ": ", maxSplits: 1)
            set("model", String(parts[0]), String(parts[1]))
        }
        set("training", "batchSize", "16")
        for _ in 0...random.integer(below: 3) {
            let choice = choices[random.integer(below: choices.count)]
            guard
                let form = choice.forms.first(where: { $0.labels.isEmpty || !labels.isDisjoint(with: $0.labels) }),
                !["student", "pool", "cost", "stage"].contains(where: choice.section.hasPrefix), choice.section != ""
            else { continue }
            set(choice.section, choice.name, Self.value(form.entry, &random))
        }
        return (task.name == tasks[0].name ? "" : "task: \(task.name)\n")
            + sections.map { section in
                let keys = section.keys.map { "\($0.name): \($0.value)" }.joined(separator: ", ")
                let parts = section.name.split(separator: ".")
                return parts.dropLast().reduce("") { $0 + "\($1): {" } + "\(parts.last ?? ""): {\(keys)}"
                    + parts.dropLast().map { _ in "}" }.joined() + "\n"
            }.joined()
    }

    private static func value(_ entry: ConfigurationEntry, _ random: inout Random) -> String {
        guard let type = entry.type, !random.chance(0.05) else {
            return ["null", "[]", "{}", "x", "[[1]]", "~"][random.integer(below: 6)]
        }
        func one() -> String {
            switch type.scalar {
            case .boolean: return random.chance(0.5) ? "true" : "false"
            case .choice where !entry.choices.isEmpty: return entry.choices[random.integer(below: entry.choices.count)]
            case .integer, .number: return number(type, &random)
            default: return JSONValue.string(HostileValues.text(&random)).text()
            }
        }
        guard let count = type.count else { return one() }
        let wanted = count.lowerBound + random.integer(below: min(4, count.upperBound - count.lowerBound) + 1)
        return "[" + (0..<wanted).map { _ in one() }.joined(separator: ", ") + "]"
    }

    /// Mostly at the ends of what is allowed, or just within them.
    private static func number(_ type: ConfigurationEntry.ValueType, _ random: inout Random) -> String {
        let low = type.minimum ?? -1e6
        let high = type.maximum ?? 1e6
        let isWhole = type.scalar == .integer
        let value: Double =
            switch random.integer(below: 7) {
            case 0: low
            case 1: high
            case 2: low + (high - low) * random.uniform()
            case 3: isWhole ? low + 1 : max(low, 1e-300)
            case 4: isWhole ? high - 1 : max(low, 1e-3)
            case 5: isWhole ? low + Double(random.integer(below: 8)) : min(high, max(low, 0.5))
            default: .nan
            }
        if value.isNaN { return HostileValues.number(&random).text() }
        return isWhole ? String(Int(max(-1e15, min(1e15, value.rounded())))) : "\(value)"
    }
}
