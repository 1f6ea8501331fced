import Datasets
import Detection

extension [DetectedObject] {
    /// The surest of those of a class that overlap, all classes together by falling score.
    func suppressed(_ limits: DetectionLimits) -> [DetectedObject] {
        Suppression.kept(
            map(\.box), map(\.score), classes: map { Int32($0.classIndex) }, threshold: limits.overlap,
            limit: limits.most
        ).map { self[$0] }
    }
}
