import Detection
import Models

extension RepPointsRules {
    /// The published rules of a head, but for what the keys say otherwise.
    /// - Parameter strides: of the maps that the head is given, in pixels of the input, from fine to coarse.
    package init(
        _ head: RepPointsHeadSpecification, strides: [Int], _ keys: DetectorLossKeys = DetectorLossKeys()
    ) {
        self.init(strides: strides, scale: head.scale, transform: head.transform)
        matcher.high = keys.high ?? matcher.high
        matcher.low = keys.low ?? matcher.low
        ignoresCrowds = keys.crowd == .ignore
        beta = keys.beta ?? beta
        if keys.box == .l1 { beta = 0 }
        classWeight *= keys.classWeight
        initialWeight *= keys.boxWeight
        refinedWeight *= keys.boxWeight
        (alpha, gamma) = (keys.alpha, keys.gamma)
    }
}
