import CKernels

/// The scalars of one AdamW update.
public struct AdamWConstants: Sendable {
    package let gradientScale: Double
    /// 1 - learning rate * weight decay.
    public let decay: Double
    package let beta1: Double
    package let beta2: Double
    /// sqrt(1 - beta2^t).
    public let correction: Double
    package let epsilon: Double
    /// Learning rate / (1 - beta1^t).
    public let step: Double

    package init(
        gradientScale: Double, decay: Double, beta1: Double, beta2: Double, correction: Double, epsilon: Double,
        step: Double
    ) {
        self.gradientScale = gradientScale
        self.decay = decay
        self.beta1 = beta1
        self.beta2 = beta2
        self.correction = correction
        self.epsilon = epsilon
        self.step = step
    }
}

/// The scalars of one update of gradient descent.
public struct DescentConstants: Sendable {
    package let gradientScale: Double
    /// The factor of the parameter that is added to its gradient.
    public let decay: Double
    package let momentum: Double
    package let nesterov: Bool
    package let learningRate: Double

    package init(gradientScale: Double, decay: Double, momentum: Double, nesterov: Bool, learningRate: Double) {
        self.gradientScale = gradientScale
        self.decay = decay
        self.momentum = momentum
        self.nesterov = nesterov
        self.learningRate = learningRate
    }
}

/// What `Kernels/OptimizerSteps.swift` asks of an element type.
public protocol OptimizerKernels {
    /// One AdamW update of the parameters and both moments.
    static func adamW(
        _ parameters: UnsafeMutablePointer<Self>, _ gradients: UnsafePointer<Self>, _ first: UnsafeMutablePointer<Self>,
        _ second: UnsafeMutablePointer<Self>, _ count: Int, _ constants: AdamWConstants)
    /// One update of gradient descent; without a momentum buffer the momentum counts as 0.
    static func descend(
        _ parameters: UnsafeMutablePointer<Self>, _ gradients: UnsafePointer<Self>,
        _ momentum: UnsafeMutablePointer<Self>?, _ count: Int, _ constants: DescentConstants)
    /// average += weight (values - average).
    static func average(
        _ average: UnsafeMutablePointer<Self>, _ values: UnsafePointer<Self>, _ count: Int, weight: Double)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: OptimizerKernels {
    public static func adamW(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
        _ first: UnsafeMutablePointer<Float>, _ second: UnsafeMutablePointer<Float>, _ count: Int,
        _ constants: AdamWConstants
    ) {
        hb_adamw(
            parameters, gradients, first, second, count,
            hb_adamw_constants(
                gradient_scale: Float(constants.gradientScale), decay: Float(constants.decay),
                first_weight: Float(1 - constants.beta1), beta2: Float(constants.beta2),
                second_weight: Float(1 - constants.beta2), correction: Float(constants.correction),
                epsilon: Float(constants.epsilon), step: Float(constants.step)))
    }

    public static func descend(
        _ parameters: UnsafeMutablePointer<Float>, _ gradients: UnsafePointer<Float>,
        _ momentum: UnsafeMutablePointer<Float>?, _ count: Int, _ constants: DescentConstants
    ) {
        let (scale, decay) = (Float(constants.gradientScale), Float(constants.decay))
        let rate = Float(constants.learningRate)
        if let momentum {
            hb_momentum_descent(
                parameters, gradients, momentum, count, scale, decay, Float(constants.momentum),
                constants.nesterov ? 1 : 0, rate)
        } else {
            hb_plain_descent(parameters, gradients, count, scale, decay, rate)
        }
    }

    public static func average(
        _ average: UnsafeMutablePointer<Float>, _ values: UnsafePointer<Float>, _ count: Int, weight: Double
    ) { hb_average(average, values, count, Float(weight)) }
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: OptimizerKernels {
    public static func adamW(
        _ parameters: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>,
        _ first: UnsafeMutablePointer<Double>, _ second: UnsafeMutablePointer<Double>, _ count: Int,
        _ constants: AdamWConstants
    ) {
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i]
            parameters[i] *= constants.decay
            first[i] += (1 - constants.beta1) * (gradient - first[i])
            second[i] = constants.beta2 * second[i] + (1 - constants.beta2) * gradient * gradient
            let denominator = second[i].squareRoot() / constants.correction + constants.epsilon
            parameters[i] -= constants.step * first[i] / denominator
        }
    }

    public static func descend(
        _ parameters: UnsafeMutablePointer<Double>, _ gradients: UnsafePointer<Double>,
        _ momentum: UnsafeMutablePointer<Double>?, _ count: Int, _ constants: DescentConstants
    ) {
        for i in 0..<count {
            let gradient = constants.gradientScale * gradients[i] + constants.decay * parameters[i]
            var direction = gradient
            if let momentum {
                momentum[i] = constants.momentum * momentum[i] + gradient
                direction = constants.nesterov ? gradient + constants.momentum * momentum[i] : momentum[i]
            }
            parameters[i] -= constants.learningRate * direction
        }
    }

    public static func average(
        _ average: UnsafeMutablePointer<Double>, _ values: UnsafePointer<Double>, _ count: Int, weight: Double
    ) { for i in 0..<count { average[i] += weight * (values[i] - average[i]) } }
}
