import Configuration
import Detection

extension RegionHeadSpecification {
    /// Reads the keys of a kind.
    public static func read(_ reader: ConfigurationReader, kind: Kind) -> RegionHeadSpecification {
        let style = DetectorKeys.style(reader, .mmdetection)
        var head = RegionHeadSpecification(classes: 2, kind: kind, style: style)
        head.anchors = AnchorShape(reader, from: head.anchors)
        head.channels = DetectorKeys.channels(reader, "the first stage's layer")
        head.pooling.scale = reader.double(
            "regionScale", default: head.pooling.scale, in: 1...1e6,
            "Side in pixels of the regions that are read from the map of stride 16; smaller for smaller objects")
        head.box.convolutions = reader.int(
            "boxConvolutions", default: head.box.convolutions, in: 0...16,
            "Convolutions with batch norm before the linear layers of boxes; 4 in HorNet's cascade")
        head.box.linear = reader.int(
            "boxLayers", default: head.box.convolutions > 0 ? 1 : head.box.linear, in: 1...8, "Linear layers of boxes")
        head.box.width = reader.int(
            "boxWidth", default: head.box.width, in: ModelLimits.widths, "Outputs of each of these")
        head.box.sharesBoxes = reader.bool(
            "sharesBoxes", default: kind.isCascade && head.box.convolutions == 0, "One box for all classes of a region")
        if kind.answersMasks {
            head.mask.convolutions = reader.int(
                "maskConvolutions", default: head.mask.convolutions, in: 0...16, "Convolutions of masks")
            head.mask.channels = reader.optionalInt(
                "maskChannels", in: ModelLimits.widths, "Channels of these; those of the neck when absent")
        }
        head.backboneNorm = DetectorKeys.backboneNorm(reader, head.backboneNorm)
        return head
    }
}
