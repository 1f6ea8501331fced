import Configuration

extension ConvNeXtSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = ConvNeXtSpecification(widths: [96, 192, 384, 768], depths: [3, 3, 9, 3])

    /// Reads the keys of ConvNeXt from the section `model`.
    public init(reading reader: ConfigurationReader, from start: ConvNeXtSpecification) {
        self = start
        widths = reader.ints("widths", default: widths, in: ModelLimits.widths, "Channels per stage")
        depths = reader.ints("depths", default: depths, in: ModelLimits.depths, "Blocks per stage")
        stemStride = reader.int(
            "stemStride", default: stemStride, in: 1...4, "Kernel and stride of the stem: 1, 2 or 4")
        layerScale = reader.double(
            "layerScale", default: layerScale, in: ModelLimits.layerScale, "First value of the layer scales; 0 = none")
        dropPath = reader.double("dropPath", default: dropPath, in: 0...0.99, "Drop rate of the last block's branch")
        reader.report(validate)
    }
}
