import Configuration
import Models

/// The sections `head` and `neck`: what answers for each pixel, and what stands before it.
enum DenseHead {
    /// The words of `head.kind`.
    enum Kind: String, CaseIterable, Sendable {
        case upernet
        case semanticFPN
        case fcn
        case unet
        case segnetr
    }

    /// Reads which head there is, its keys, and those of the neck where it has one.
    static func read(
        _ reader: ConfigurationReader
    ) -> (head: any HeadSpecification, neck: (any NeckSpecification)?) {
        var fusion = Fusion.conv
        let kind = reader.section("head", "What answers for each pixel") { reader in
            reader.choice(
                "kind", default: Kind.semanticFPN,
                "upernet (pyramid pooling and a feature pyramid; with an auxiliary head), semanticFPN (on the neck's pyramid), "
                    + "fcn (convolutions on the last map), unet or segnetr (decoders with skips; with any backbone, or with "
                    + "model.name: unet or segnetr)")
        }
        var neck: (any NeckSpecification)?
        reader.section("neck", "Between backbone and head") { reader in
            fusion = reader.choice(
                "fusion", default: .conv,
                "What the maps are fused by: conv (3x3 convolutions), gnconv7x7 or gnconvGF (HorFPN); in upernet the last "
                    + "fusion alone, in semanticFPN the pyramid's outputs, in fcn its convolution")
            guard kind == .semanticFPN else { return }
            var pyramid = FeaturePyramidSpecification(reading: reader)
            pyramid.fusion = fusion
            neck = pyramid
        }
        var head: any HeadSpecification = any(2)
        reader.section("head", "What answers for each pixel") { reader in
            switch kind {
            case .upernet:
                var specification = UPerNetHeadSpecification(reading: reader)
                specification.fusion = fusion
                head = specification
            case .semanticFPN: head = SemanticFPNHeadSpecification(reading: reader)
            case .fcn:
                var specification = FCNHeadSpecification(reading: reader)
                specification.fusion = fusion
                head = specification
            case .unet, .segnetr: break
            }
        }
        if fusion != .conv, kind == .unet || kind == .segnetr {
            reader.section("neck", "") {
                $0.problem("fusion", "found \(fusion.rawValue), but head.kind \(kind.rawValue) fuses by its own blocks")
            }
        }
        return (head, neck)
    }

    /// A head for where nothing is asked of it but how many classes it tells apart.
    static func any(_ classes: Int) -> any HeadSpecification { FCNHeadSpecification(classes: classes) }
}
