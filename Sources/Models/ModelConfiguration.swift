import Configuration

/// The section `model` of a configuration.
public struct ModelConfiguration: Sendable {
    /// A variant, a preset or a family.
    public var name: String
    /// The model that the name and the keys of its family make.
    public var specification: ModelSpecification
    /// `nil` takes the number from the data.
    public var classes: Int?
    /// `nil` takes the number from the data.
    public var inputChannels: Int?
    /// A weights file that training starts from.
    public var weights: String?
    /// One sentence about keys that were left out because they belong to another family.
    public private(set) var notice: String?

    private static let defaultName = "hornet_pico_7x7"

    /// Reads the name first and then the keys of its family alone, so that another family's keys are unknown.
    /// - Parameter answersAboutPlaces: whether the model is for a task of classes of places in an image, such as segmentation.
    public init(_ reader: ConfigurationReader, answersAboutPlaces: Bool = false) {
        let families = ModelSpecification.familyNames.joined(separator: ", ")
        let name = reader.choice(
            "name", of: ModelSpecification.names, default: Self.defaultName,
            "A published variant, a preset, or a family (\(families)) to specify freely")
        self.name = name
        notice = Self.leaveOut(reader, name)
        classes = reader.optionalInt("classes", in: ModelLimits.classes, "Number of classes; from the data when absent")
        inputChannels = reader.optionalInt(
            "inputChannels", in: ModelLimits.inputChannels, "Image channels; from the data when absent")
        weights = reader.optionalPath(
            "weights",
            "Weights to start from, a safetensors file or a run folder; a head of another size is drawn anew")
        // The reader gives no name but those it was offered.
        specification = (ModelFamily.of(name) ?? HorNetSpecification.self).read(
            reader, name: name, answersAboutPlaces: answersAboutPlaces)
    }

    /// Where an option or a nearer file names a model of another family than before, what was said of the family before
    /// is passed over: its depths and widths mean nothing here. The drop rate says how strongly any model is regularised.
    private static func leaveOut(_ reader: ConfigurationReader, _ name: String) -> String? {
        let before = reader.replacedText("name") ?? defaultName
        guard let family = ModelFamily.of(name), let old = ModelFamily.of(before), family.name != old.name else {
            return nil
        }
        var foreign = ModelFamily.all.reduce(into: Set<String>()) { $0.formUnion(keys(of: $1)) }
        if keys(of: family).contains("dropPath") { foreign.remove("dropPath") }
        let left = reader.leaveOut(foreign, fartherThan: "name")
        guard let first = left.first else { return nil }
        let names = left.map(\.key).joined(separator: ", ")
        return
            "model.name is \(name), so what was said for \(before) is left out: \(names) (\(first.origin)"
            + "\(left.count > 1 ? " and below" : ""))."
    }

    /// The keys that a family reads.
    private static func keys(of family: any BackboneSpecification.Type) -> Set<String> {
        let read = try? ConfigurationDocument.parse(text: "{}", name: family.name).readResolved { reader in
            _ = family.read(reader, name: family.name)
        }
        return Set(read?.entries.map(\.path) ?? [])
    }
}

extension ConfigurationReader {
    /// Records what a check of the section `model` throws: at the key that its sentence begins with (`model.depths is ...`),
    /// else at the name.
    public func report(_ check: () throws -> Void) {
        do { try check() } catch {
            let text = "\(error)"
            let words = text.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[0].hasPrefix("model.") else { return problem("name", text) }
            problem(String(words[0].dropFirst("model.".count)), String(words[1]))
        }
    }
}
