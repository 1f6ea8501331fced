import Configuration

/// The section `model` of a configuration.
public struct ModelConfiguration: Sendable {
    public var name: String
    public var specification: ModelSpecification
    /// `nil` takes the number from the data.
    public var classes: Int?
    /// `nil` takes the number from the data.
    public var inputChannels: Int?
    /// A weights file that training starts from.
    public var weights: String?

    /// Reads the name first and then the keys of its family alone, so that another family's keys are unknown.
    public init(_ reader: ConfigurationReader) {
        let name = reader.choice(
            "name", of: ModelSpecification.names, default: "hornet_pico_7x7",
            "A published variant, a preset, or a family (hornet, convnext, resnet, cvt) to specify freely")
        self.name = name
        classes = reader.optionalInt("classes", in: 1...1_000_000, "Number of classes; from the data when absent")
        inputChannels = reader.optionalInt("inputChannels", in: 1...4096, "Image channels; from the data when absent")
        weights = reader.optionalPath(
            "weights",
            "Weights to start from, a safetensors file or a run folder; a head of another size is drawn anew")
        let named = (ModelSpecification.variants + ModelSpecification.families).first { $0.name == name }
        specification =
            switch named?.specification {
            case .hornet, nil: .hornet(HorNetSpecification(reading: reader, name: name))
            case .convnext: .convnext(ConvNeXtSpecification(reading: reader, name: name))
            case .resnet: .resnet(ResNetSpecification(reading: reader, name: name))
            case .cvt: .cvt(CvTSpecification(reading: reader, name: name))
            }
    }
}

extension ConfigurationReader {
    /// Records what a check of the section throws, at the key its sentence begins with.
    func report(_ check: () throws -> Void) {
        do { try check() } catch {
            let text = "\(error)"
            let words = text.split(separator: " ", maxSplits: 1)
            guard words.count == 2, words[0].hasPrefix("model.") else { return problem("name", text) }
            problem(String(words[0].dropFirst("model.".count)), String(words[1]))
        }
    }
}
