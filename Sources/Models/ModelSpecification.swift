import Configuration
import Layers

/// A model of any family, as a value: what a weights file stores and a configuration chooses.
public enum ModelSpecification: Sendable, Hashable, Codable {
    case hornet(HorNetSpecification)

    /// The names that `model.name` takes, published variants and presets first, then free specifications.
    public static var names: [String] { HorNetSpecification.variants.map(\.name) + ["hornet"] }

    /// Builds the model for an image size.
    public func makeModel(height: Int, width: Int) throws -> any FeatureModel {
        switch self {
        case .hornet(let specification): try HorNet(specification, height: height, width: width)
        }
    }

    /// The same with everything that depends on the image size filled in.
    public func resolved(height: Int, width: Int) throws -> ModelSpecification {
        switch self {
        case .hornet(let specification): .hornet(try specification.resolved(height: height, width: width))
        }
    }

    public var classes: Int {
        get {
            switch self {
            case .hornet(let specification): specification.classes
            }
        }
        set {
            switch self {
            case .hornet(var specification):
                specification.classes = newValue
                self = .hornet(specification)
            }
        }
    }

    public var inputChannels: Int {
        get {
            switch self {
            case .hornet(let specification): specification.inputChannels
            }
        }
        set {
            switch self {
            case .hornet(var specification):
                specification.inputChannels = newValue
                self = .hornet(specification)
            }
        }
    }

    /// Our name for a parameter that another library's checkpoint calls `name`, or `name` itself.
    public static func canonicalName(_ name: String) -> String { HorNetSpecification.canonicalName(name) }
}

// In a file: the family's name over its specification, {"hornet": {"baseWidth": 64, ...}}.
extension ModelSpecification {
    private enum Family: String, CodingKey { case hornet }

    public init(from decoder: any Decoder) throws {
        self = .hornet(try decoder.container(keyedBy: Family.self).decode(HorNetSpecification.self, forKey: .hornet))
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Family.self)
        switch self {
        case .hornet(let specification): try container.encode(specification, forKey: .hornet)
        }
    }
}

/// The section `model` of a configuration.
public struct ModelConfiguration: Sendable {
    public var name: String
    public var specification: ModelSpecification
    /// `nil` takes the number from the data.
    public var classes: Int?
    /// `nil` takes the number from the data.
    public var inputChannels: Int?

    public init(_ reader: ConfigurationReader) {
        name = reader.choice(
            "name", of: ModelSpecification.names, default: "hornet_pico_7x7",
            "A published variant, a preset, or `hornet` for a free specification")
        classes = reader.optionalInt("classes", in: 1...1_000_000, "Number of classes; from the data when absent")
        inputChannels = reader.optionalInt("inputChannels", in: 1...4096, "Image channels; from the data when absent")
        specification = .hornet(HorNetSpecification(reading: reader, name: name))
    }
}
