extension TransformStep {
    /// Whether a step moves pixels alone, so that a motion tells all that it did.
    package var keepsColors: Bool {
        switch self {
        case .colorJitter, .randAugment, .trivialAugment, .photometric, .grayscale, .solarize, .gaussianBlur, .augMix:
            false
        case .either(let branches): branches.allSatisfy { $0.allSatisfy(\.keepsColors) }
        default: true
        }
    }
}
