import Configuration

extension SwinSpecification {
    /// What a configuration starts from that names the family alone.
    public static let free = SwinSpecification(baseWidth: 96, depths: [2, 2, 6, 2], heads: [3, 6, 12, 24])

    /// Reads the keys of Swin from the section `model`.
    public init(reading reader: ConfigurationReader, from start: SwinSpecification) {
        self = start
        baseWidth = reader.int(
            "baseWidth", default: baseWidth, in: ModelLimits.baseWidth,
            "Channels of the first stage; each stage doubles")
        depths = reader.ints("depths", default: depths, in: ModelLimits.depths, "Blocks per stage")
        heads = reader.ints("heads", default: heads, in: ModelLimits.heads, "Heads of attention per stage")
        stemStride = reader.int(
            "stemStride", default: stemStride, in: ModelLimits.strides, "Side of the patches of the image")
        window = reader.int(
            "window", default: window, in: ModelLimits.attentionWindow, "Side of the windows of attention")
        fitsWindows = reader.bool(
            "fitsWindows", default: fitsWindows,
            "Shrink windows to smaller maps as timm does, rather than extend the maps")
        shiftsAlways = reader.bool(
            "shiftsAlways", default: shiftsAlways,
            "Shift windows on maps of a single window too, as mmdetection does; true for tasks of places, such as segmentation and detection, when absent"
        )
        dropPath = reader.double("dropPath", default: dropPath, in: 0...0.99, "Drop rate of the last block's branches")
        reader.report(validate)
    }
}
