import Configuration
import Layers

extension AFFNetSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = AFFNetSpecification(widths: [32, 64, 128, 256, 320])

    /// Reads the keys of AFFNet from the section `model`.
    public init(reading reader: ConfigurationReader, from start: AFFNetSpecification) {
        self = start
        widths = reader.ints("widths", default: widths, in: ModelLimits.widths, "Channels of the five stages")
        depths = reader.ints(
            "depths", default: depths, in: ModelLimits.depths, "Blocks with a frequency filter in the last three stages"
        )
        expansion = reader.int(
            "expansion", default: expansion, in: Self.expansions, "How far the inverted residuals widen the channels")
        stem = reader.choice("stem", default: stem, "large (stride 4 before the third stage) or small (stride 1)")
        dropPath = reader.double(
            "dropPath", default: dropPath, in: 0...0.999, "Drop rate of the last block's path, less for earlier ones")
        reader.report(validate)
    }
}
