import CKernels

/// The scalars of one Lion update.
public struct LionConstants: Sendable {
    package let gradientScale: Double
    /// 1 - learning rate * weight decay.
    public let decay: Double
    package let beta1: Double
    package let beta2: Double
    package let rate: Double

    package init(gradientScale: Double, decay: Double, beta1: Double, beta2: Double, rate: Double) {
        (self.gradientScale, self.decay, self.beta1, self.beta2) = (gradientScale, decay, beta1, beta2)
        self.rate = rate
    }
}

/// The scalars of one update of schedule-free AdamW.
public struct ScheduleFreeConstants: Sendable {
    package let gradientScale: Double
    /// The weight decay itself.
    public let decay: Double
    package let beta1: Double
    package let beta2: Double
    /// sqrt(1 - beta2^t).
    public let correction: Double
    package let epsilon: Double
    package let rate: Double
    /// The share of this update in the average.
    public let share: Double

    package init(
        gradientScale: Double, decay: Double, betas: (Double, Double), correction: Double, epsilon: Double,
        rate: Double, share: Double
    ) {
        (self.gradientScale, self.decay, self.correction) = (gradientScale, decay, correction)
        (beta1, beta2) = betas
        (self.epsilon, self.rate, self.share) = (epsilon, rate, share)
    }

    /// Learning rate (1 - beta1 (1 - share)).
    var step: Double { rate * (1 - beta1 * (1 - share)) }
}

/// The scalars of Muon's momentum.
public struct MomentumConstants: Sendable {
    package let gradientScale: Double
    package let momentum: Double
    package let nesterov: Bool

    package init(gradientScale: Double, momentum: Double, nesterov: Bool) {
        (self.gradientScale, self.momentum, self.nesterov) = (gradientScale, momentum, nesterov)
    }
}

/// What the optimizers beside AdamW and gradient descent ask of an element type.
public protocol OptimizerFamilyKernels {
    /// One Lion update of the parameters and the momentum.
    static func lion(
        _ parameters: UnsafeMutablePointer<Self>, _ gradients: UnsafePointer<Self>,
        _ momentum: UnsafeMutablePointer<Self>, _ count: Int, _ constants: LionConstants)
    /// Both moments take the gradients; direction = step m / (sqrt(v) / correction + epsilon) + decay * parameters.
    static func adamDirection(
        _ parameters: UnsafePointer<Self>, _ gradients: UnsafePointer<Self>, _ first: UnsafeMutablePointer<Self>,
        _ second: UnsafeMutablePointer<Self>, into direction: UnsafeMutablePointer<Self>, _ count: Int,
        _ constants: AdamWConstants)
    /// One update of schedule-free AdamW of the parameters y, the gap z - y and the second moment.
    static func scheduleFree(
        _ parameters: UnsafeMutablePointer<Self>, _ gradients: UnsafePointer<Self>, _ gap: UnsafeMutablePointer<Self>,
        _ second: UnsafeMutablePointer<Self>, _ count: Int, _ constants: ScheduleFreeConstants)
    /// momentum += (1 - share) (gradients - momentum); update is that, or the gradients on the way to it (Nesterov).
    static func mixMomentum(
        _ gradients: UnsafePointer<Self>, _ momentum: UnsafeMutablePointer<Self>,
        into update: UnsafeMutablePointer<Self>, _ count: Int, _ constants: MomentumConstants)
    /// y = own y + other x.
    static func combine(
        _ y: UnsafeMutablePointer<Self>, _ x: UnsafePointer<Self>, _ count: Int, own: Double, other: Double)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: OptimizerFamilyKernels {
    public static func lion(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
        _ momentum: UnsafeMutablePointer<Float>, _ count: Int, _ constants: LionConstants
    ) {
        hb_lion(
            parameters, gradients, momentum, count,
            hb_lion_constants(
                gradient_scale: Float(constants.gradientScale), decay: Float(constants.decay),
                beta1: Float(constants.beta1), first_weight: Float(1 - constants.beta1),
                beta2: Float(constants.beta2), second_weight: Float(1 - constants.beta2), rate: Float(constants.rate)))
    }

    public static func adamDirection(
        _ parameters: UnsafePointer<Float>, _ gradients: UnsafePointer<Float>, _ first: UnsafeMutablePointer<Float>,
        _ second: UnsafeMutablePointer<Float>, into direction: UnsafeMutablePointer<Float>, _ count: Int,
        _ constants: AdamWConstants
    ) {
        hb_adam_direction(
            parameters, gradients, first, second, direction, count,
            hb_adamw_constants(
                gradient_scale: Float(constants.gradientScale), decay: Float(constants.decay),
                first_weight: Float(1 - constants.beta1), beta2: Float(constants.beta2),
                second_weight: Float(1 - constants.beta2), correction: Float(constants.correction),
                epsilon: Float(constants.epsilon), step: Float(constants.step)))
    }

    public static func scheduleFree(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
        _ gap: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ count: Int,
        _ constants: ScheduleFreeConstants
    ) {
        hb_schedule_free(
            parameters, gradients, gap, second, count,
            hb_schedule_free_constants(
                gradient_scale: Float(constants.gradientScale), decay: Float(constants.decay),
                beta2: Float(constants.beta2), second_weight: Float(1 - constants.beta2),
                correction: Float(constants.correction), epsilon: Float(constants.epsilon),
                taken: Float(constants.share), kept: Float(1 - constants.share), step: Float(constants.step),
                carried: Float(constants.rate * constants.beta1)))
    }

    public static func mixMomentum(
        _ gradients: UnsafePointer<Float>, _ momentum: UnsafeMutablePointer<Float>,
        into update: UnsafeMutablePointer<Float>, _ count: Int, _ constants: MomentumConstants
    ) {
        hb_mix_momentum(
            gradients, momentum, update, count, Float(constants.gradientScale), Float(constants.momentum),
            Float(1 - constants.momentum), constants.nesterov ? 1 : 0)
    }

    public static func combine(
        _ y: UnsafeMutablePointer<Float>, _ x: UnsafePointer<Float>, _ count: Int, own: Double, other: Double
    ) { hb_combine(y, x, count, Float(own), Float(other)) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: OptimizerFamilyKernels {
    public static func lion(
        _ parameters: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>,
        _ momentum: UnsafeMutablePointer<Double>, _ count: Int, _ constants: LionConstants
    ) {
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i]
            let mixed = constants.beta1 * momentum[i] + (1 - constants.beta1) * gradient
            momentum[i] = constants.beta2 * momentum[i] + (1 - constants.beta2) * gradient
            let sign: Double = mixed > 0 ? 1 : mixed < 0 ? -1 : 0
            parameters[i] = constants.decay * parameters[i] - constants.rate * sign
        }
    }

    public static func adamDirection(
        _ parameters: UnsafePointer<Double>, _ gradients: UnsafePointer<Double>, _ first: UnsafeMutablePointer<Double>,
        _ second: UnsafeMutablePointer<Double>, into direction: UnsafeMutablePointer<Double>, _ count: Int,
        _ constants: AdamWConstants
    ) {
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i]
            first[i] += (1 - constants.beta1) * (gradient - first[i])
            second[i] = constants.beta2 * second[i] + (1 - constants.beta2) * gradient * gradient
            let denominator = second[i].squareRoot() / constants.correction + constants.epsilon
            direction[i] = constants.step * first[i] / denominator + constants.decay * parameters[i]
        }
    }

    public static func scheduleFree(
        _ parameters: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>,
        _ gap: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>, _ count: Int,
        _ constants: ScheduleFreeConstants
    ) {
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i]
            second[i] = constants.beta2 * second[i] + (1 - constants.beta2) * gradient * gradient
            let denominator = second[i].squareRoot() / constants.correction + constants.epsilon
            let direction = gradient / denominator + constants.decay * parameters[i]
            parameters[i] += constants.share * gap[i] - constants.step * direction
            gap[i] = (1 - constants.share) * (gap[i] - constants.rate * constants.beta1 * direction)
        }
    }

    public static func mixMomentum(
        _ gradients: UnsafePointer<Double>, _ momentum: UnsafeMutablePointer<Double>,
        into update: UnsafeMutablePointer<Double>, _ count: Int, _ constants: MomentumConstants
    ) {
        let weight = 1 - constants.momentum
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i]
            momentum[i] = constants.momentum * momentum[i] + weight * gradient
            update[i] = constants.nesterov ? weight * gradient + constants.momentum * momentum[i] : momentum[i]
        }
    }

    public static func combine(
        _ y: UnsafeMutablePointer<Double>, _ x: UnsafePointer<Double>, _ count: Int, own: Double, other: Double
    ) { for i in 0..<count { y[i] = own * y[i] + other * x[i] } }
}
