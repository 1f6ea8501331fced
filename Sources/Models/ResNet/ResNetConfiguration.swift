import Configuration

extension ResNetSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = ResNetSpecification(depths: [2, 2, 2, 2])

    /// Reads the keys of ResNet from the section `model`.
    public init(reading reader: ConfigurationReader, from start: ResNetSpecification) {
        self = start
        baseWidth = reader.int(
            "baseWidth", default: baseWidth, in: ModelLimits.baseWidth, "Width of the first stage; each stage doubles")
        depths = reader.ints("depths", default: depths, in: ModelLimits.depths, "Blocks per stage")
        block = reader.choice("block", default: block, "basic (two 3x3) or bottleneck (1x1, 3x3, 1x1)")
        stem = reader.choice("stem", default: stem, "large (7x7 and maximum, stride 4) or small (3x3, stride 1)")
        shortcut = reader.choice(
            "shortcut", default: shortcut, "Where shapes change: projection (1x1, option B) or padding (option A)")
        readGrouping(reader)
        kernels = reader.kernels(default: kernels)
        reader.report(validate)
    }

    private mutating func readGrouping(_ reader: ConfigurationReader) {
        let groups = reader.optionalInt(
            "groups", in: Self.groups,
            "Groups of the 3x3 convolutions of bottlenecks; 1 when absent, 32 in resnext50 and resnext101")
        let width = reader.optionalInt(
            "groupWidth", in: ModelLimits.baseWidth,
            "Channels of a group in the first stage, which each stage doubles; baseWidth / groups when absent")
        guard groups != nil || width != nil else { return }
        let number = groups ?? grouping?.groups ?? 1
        if width == nil, grouping == nil, baseWidth % number != 0 {
            reader.problem(
                "groups", "is \(number), expected a divisor of baseWidth \(baseWidth), or groupWidth beside it")
            return
        }
        let own = width ?? grouping?.width ?? baseWidth / number
        grouping = number == 1 && own == baseWidth ? nil : Grouping(groups: number, width: own)
    }
}
