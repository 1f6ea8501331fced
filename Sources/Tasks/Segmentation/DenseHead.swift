import Configuration
import Models

/// The sections `head` and `neck`: what answers for each pixel, and what stands before it.
enum DenseHead {
    /// The words of `head.kind`: heads that read themselves from a configuration, a program's own among them.
    private static var names: [String] {
        ModelHead.dense.map { $0.name }
    }

    /// Reads which head there is, its keys, and those of the neck where it has one.
    static func read(
        _ reader: ConfigurationReader
    ) -> (head: any HeadSpecification, neck: (any NeckSpecification)?) {
        var head: any HeadSpecification = any(2)
        reader.section("head", "What answers for each pixel") { reader in
            let name = reader.choice(
                "kind", of: names, default: SemanticFPNHeadSpecification.name,
                "upernet (pyramid pooling and a feature pyramid, with an auxiliary head), semanticFPN (on the neck's pyramid), "
                    + "fcn (convolutions on all maps), unet or segnetr (decoders with skips; on any backbone's maps, "
                    + "as published with model.name: unet or segnetr)")
            if let kind = ModelHead.all.first(where: { $0.name == name }), let read = kind.read(reader) { head = read }
        }
        var neck: (any NeckSpecification)?
        reader.section("neck", "Between backbone and head") { reader in
            let fusion = reader.choice(
                "fusion", default: Fusion.conv,
                Fusion.summary + "; in upernet the last fusion alone, in semanticFPN the pyramid's outputs, in fcn its "
                    + "convolution")
            // Read whatever the head is, so that another one may be chosen by an option.
            var pyramid = FeaturePyramidSpecification(reading: reader)
            switch head {
            case var upernet as UPerNetHeadSpecification:
                upernet.fusion = fusion
                head = upernet
            case var fcn as FCNHeadSpecification:
                fcn.fusion = fusion
                head = fcn
            case is SemanticFPNHeadSpecification:
                pyramid.fusion = fusion
                neck = pyramid
            default:
                guard fusion != .conv else { return }
                reader.problem(
                    "fusion",
                    "found \(fusion.rawValue), but head.kind \(type(of: head).name) fuses by blocks of its own, expected conv"
                )
            }
        }
        return (head, neck)
    }

    /// A head for where nothing is asked of it but how many classes it tells apart.
    static func any(_ classes: Int) -> any HeadSpecification { FCNHeadSpecification(classes: classes) }
}
