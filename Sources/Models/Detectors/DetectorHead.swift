import Configuration
import Layers

/// The sections `head` and `neck` of a detector.
public enum DetectorHead {
    /// The words of `head.kind`, a program's own among them.
    public static var names: [String] {
        ModelHead.all.filter { $0 is any DetectorHeadSpecification.Type }.flatMap {
            $0 == RegionHeadSpecification.self ? RegionHeadSpecification.Kind.allCases.map(\.rawValue) : [$0.name]
        }
    }

    /// Reads which head there is, its keys, and those of its neck, which start from the head's usual one.
    /// - Parameter usual: the kind of head where the key says nothing.
    public static func read(
        _ reader: ConfigurationReader, usual: String = RetinaNetHeadSpecification.name
    ) -> (head: any DetectorHeadSpecification, neck: any NeckSpecification) {
        var head: any DetectorHeadSpecification = RetinaNetHeadSpecification(classes: 2)
        reader.section("head", "What finds objects") { reader in
            let name = reader.choice(
                "kind", of: names, default: usual,
                "retinanet (anchors, one stage), reppoints (points, one stage), fasterRcnn (two stages), maskRcnn (and masks), "
                    + "cascadeRcnn or cascadeMaskRcnn (boxes refined three times)")
            if let kind = RegionHeadSpecification.Kind(rawValue: name) {
                head = RegionHeadSpecification.read(reader, kind: kind)
            } else if let kind = ModelHead.all.first(where: { $0.name == name }),
                let read = kind.read(reader) as? any DetectorHeadSpecification
            {
                head = read
            }
        }
        var neck = head.usualNeck
        reader.section("neck", "Between backbone and head") {
            neck = FeaturePyramidSpecification(reading: $0, usual: neck)
        }
        return (head, neck)
    }
}
