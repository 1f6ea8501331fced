import Configuration

extension CvTSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = CvTSpecification(widths: [64, 192, 384], heads: [1, 3, 6], depths: [1, 2, 10])

    /// Reads the keys of CvT from the section `model`.
    public init(reading reader: ConfigurationReader, from start: CvTSpecification) {
        self = start
        widths = reader.ints("widths", default: widths, in: ModelLimits.widths, "Channels per stage")
        heads = reader.ints("heads", default: heads, in: ModelLimits.heads, "Heads of attention per stage")
        depths = reader.ints("depths", default: depths, in: ModelLimits.depths, "Blocks per stage")
        embedKernels = reader.ints(
            "embedKernels", default: embedKernels, in: ModelLimits.kernels, "Kernel of the token embedding per stage")
        embedStrides = reader.ints(
            "embedStrides", default: embedStrides, in: ModelLimits.strides, "Stride of the token embedding per stage")
        keyStride = reader.int(
            "keyStride", default: keyStride, in: ModelLimits.keyStride,
            "Stride of the convolutions before keys and values")
        classToken = reader.bool("classToken", default: classToken, "A class token in the last stage")
        activation = reader.choice("activation", default: activation, "quickGELU (as published) or gelu (exact)")
        dropPath = reader.double(
            "dropPath", default: dropPath, in: 0...0.99, "Drop rate of the last stage's last branches")
        reader.report(validate)
    }
}
