import Configuration

extension MobileNetV2Specification {
    /// What a configuration starts from that names the family alone.
    public static let free = MobileNetV2Specification()

    /// Reads the keys of MobileNetV2 from the section `model`.
    public init(reading reader: ConfigurationReader, from start: MobileNetV2Specification) {
        self = start
        width = reader.double(
            "width", default: width, in: Self.widths, "Times the published widths, rounded to multiples of 8")
        stem = reader.choice("stem", default: stem, "large (stride 4 before the second stage) or small (stride 1)")
        kernels = reader.kernels(default: kernels)
        reader.report(validate)
    }
}
