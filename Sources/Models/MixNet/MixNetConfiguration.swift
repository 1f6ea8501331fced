import Configuration

extension MixNetSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = MixNetSpecification(widths: [32, 64, 128], depths: [1, 2, 1])

    /// Reads the keys of a mixnet from the section `model`.
    public init(reading reader: ConfigurationReader, from start: MixNetSpecification) {
        self = start
        mixer = reader.choice("mixer", default: mixer, "How space is mixed; Docs/Convolutions.md has a picture of each")
        widths = reader.ints(
            "widths", default: widths, in: ModelLimits.widths, "Channels per stage, multiples of \(Self.unit)")
        depths = reader.ints("depths", default: depths, in: ModelLimits.depths, "Blocks per stage")
        stemStride = reader.int("stemStride", default: stemStride, in: 1...2, "Stride of the stem's 3x3 convolution")
        expansion = reader.int(
            "expansion", default: expansion, in: Self.expansions, "Hidden channels of a block for each channel")
        dropPath = reader.double("dropPath", default: dropPath, in: 0...0.99, "Drop rate of the last block's branches")
        reader.report(validate)
    }
}
