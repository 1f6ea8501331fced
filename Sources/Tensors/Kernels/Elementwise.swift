// Kernels: one file for each operation: it checks shapes, deals the work to threads, and calls the C loop.

import CKernels

/// The functions that act on each element by itself. A new one is a row here, in both tables below and in
/// `Elementwise.c`; its operation and gradient check follow from that.
public enum ElementwiseFunction: String, CaseIterable, Sendable {
    case gelu, quickGELU, relu, relu6, silu, hardSwish, hardSigmoid, sigmoid, tanh, exponential, logarithm, square,
        squareRoot, negate, absolute
}

/// What `Kernels/Elementwise.swift` asks of an element type.
public protocol ElementwiseKernels {
    /// y = f(x).
    static func apply(_ f: ElementwiseFunction, _ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
    /// dx = g f'(x).
    static func applyGradient(
        _ f: ElementwiseFunction, _ x: UnsafePointer<Self>, _ g: UnsafePointer<Self>, _ dx: UnsafeMutablePointer<Self>,
        _ count: Int)
    /// y += x.
    static func accumulate(_ x: UnsafePointer<Self>, _ y: UnsafeMutablePointer<Self>, _ count: Int)
    /// y = scale x.
    static func scale(_ x: UnsafePointer<Self>, _ scale: Self, _ y: UnsafeMutablePointer<Self>, _ count: Int)
}

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Float: ElementwiseKernels {
    private typealias Forward = (UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) -> Void
    private typealias Backward = (UnsafePointer<Float>?, UnsafePointer<Float>?, UnsafeMutablePointer<Float>?, Int) ->
        Void

    private static func kernels(_ f: ElementwiseFunction) -> (Forward, Backward) {
        switch f {
        case .gelu: (hb_gelu, hb_gelu_gradient)
        case .quickGELU: (hb_quick_gelu, hb_quick_gelu_gradient)
        case .relu: (hb_relu, hb_relu_gradient)
        case .relu6: (hb_relu6, hb_relu6_gradient)
        case .silu: (hb_silu, hb_silu_gradient)
        case .hardSwish: (hb_hard_swish, hb_hard_swish_gradient)
        case .hardSigmoid: (hb_hard_sigmoid, hb_hard_sigmoid_gradient)
        case .sigmoid: (hb_sigmoid, hb_sigmoid_gradient)
        case .tanh: (hb_tanh, hb_tanh_gradient)
        case .exponential: (hb_exp, hb_exp_gradient)
        case .logarithm: (hb_log, hb_log_gradient)
        case .square: (hb_square, hb_square_gradient)
        case .squareRoot: (hb_sqrt, hb_sqrt_gradient)
        case .negate: (hb_negate, hb_negate_gradient)
        case .absolute: (hb_absolute, hb_absolute_gradient)
        }
    }

    public static func apply(
        _ f: ElementwiseFunction, _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int
    ) { kernels(f).0(x, y, count) }

    public static func applyGradient(
        _ f: ElementwiseFunction, _ x: UnsafePointer<Float>, _ g: UnsafePointer<Float>,
        _ dx: UnsafeMutablePointer<Float>, _ count: Int
    ) { kernels(f).1(x, g, dx, count) }

    public static func accumulate(_ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
        hb_accumulate(x, y, count)
    }

    public static func scale(_ x: UnsafePointer<Float>, _ scale: Float, _ y: UnsafeMutablePointer<Float>, _ count: Int)
    {
        hb_scale(x, scale, y, count)
    }
}

extension ElementwiseFunction {
    /// f(x), the plain definition.
    public func value(_ x: Double) -> Double {
        switch self {
        case .gelu: x * normalDistribution(x)
        case .quickGELU: x * logistic(1.702 * x)
        case .relu: max(x, 0)
        case .relu6: min(max(x, 0), 6)
        case .silu: x * logistic(x)
        case .hardSwish: x * min(max(x + 3, 0), 6) / 6
        case .hardSigmoid: min(max(x + 3, 0), 6) / 6
        case .sigmoid: logistic(x)
        case .tanh: hyperbolicTangent(x)
        case .exponential: Tensors.exponential(x)
        case .logarithm: Tensors.logarithm(x)
        case .square: x * x
        case .squareRoot: x.squareRoot()
        case .negate: -x
        case .absolute: abs(x)
        }
    }

    /// f'(x); at the kink of a piecewise function the value PyTorch takes.
    public func derivative(_ x: Double) -> Double {
        switch self {
        case .gelu: return normalDistribution(x) + x * Tensors.exponential(-0.5 * x * x) / (2 * Double.pi).squareRoot()
        case .quickGELU:
            let s = logistic(1.702 * x)
            return s * (1 + 1.702 * x * (1 - s))
        case .relu: return x > 0 ? 1 : 0
        case .relu6: return x > 0 && x < 6 ? 1 : 0
        case .silu:
            let s = logistic(x)
            return s * (1 + x * (1 - s))
        case .hardSwish: return x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6
        case .hardSigmoid: return x > -3 && x < 3 ? 1.0 / 6 : 0
        case .sigmoid: return logistic(x) * (1 - logistic(x))
        case .tanh: return 1 - hyperbolicTangent(x) * hyperbolicTangent(x)
        case .exponential: return Tensors.exponential(x)
        case .logarithm: return 1 / x
        case .square: return 2 * x
        case .squareRoot: return 0.5 / x.squareRoot()
        case .negate: return -1
        case .absolute: return x > 0 ? 1 : x < 0 ? -1 : 0
        }
    }

    /// Whether the function is defined for positive numbers only.
    public var needsPositive: Bool { self == .logarithm || self == .squareRoot }
}

private func normalDistribution(_ x: Double) -> Double { 0.5 * (1 + errorFunction(x / 2.0.squareRoot())) }
private func logistic(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }

// swift-format-ignore: AllPublicDeclarationsHaveDocumentation
extension Double: ElementwiseKernels {
    public static func apply(
        _ f: ElementwiseFunction, _ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { y[i] = f.value(x[i]) } }

    public static func applyGradient(
        _ f: ElementwiseFunction, _ x: UnsafePointer<Double>, _ g: UnsafePointer<Double>,
        _ dx: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { dx[i] = g[i] * f.derivative(x[i]) } }

    public static func accumulate(_ x: UnsafePointer<Double>, _ y: UnsafeMutablePointer<Double>, _ count: Int) {
        for i in 0..<count { y[i] += x[i] }
    }

    public static func scale(
        _ x: UnsafePointer<Double>, _ scale: Double, _ y: UnsafeMutablePointer<Double>, _ count: Int
    ) { for i in 0..<count { y[i] = scale * x[i] } }
}

/// Elements per chunk of an elementwise pass: 64 KiB of floats, half of a second-level cache with its result.
package let elementGrain = 1 << 14

extension Tensor {
    /// f of each element.
    public func mapped(_ f: ElementwiseFunction) -> Tensor {
        Tensor(shape) { y in
            read { x in
                parallelFor(elementCount, grain: elementGrain) {
                    S.apply(f, x + $0.lowerBound, y + $0.lowerBound, $0.count)
                }
            }
        }
    }

    /// Puts f of each element in its place, in this tensor's own memory when nobody else can see it.
    package mutating func apply(_ f: ElementwiseFunction) {
        guard isKnownUniquelyReferenced(&storage) else {
            self = mapped(f)
            return
        }
        let x = storage.pointer + offset
        parallelFor(elementCount, grain: elementGrain) { S.apply(f, x + $0.lowerBound, x + $0.lowerBound, $0.count) }
    }

    /// g f'(x) for x in self.
    package func mappedGradient(_ f: ElementwiseFunction, _ gradient: Tensor) -> Tensor {
        Tensor(shape) { dx in
            withElements(self, gradient) { x, g in
                parallelFor(elementCount, grain: elementGrain) {
                    S.applyGradient(f, x + $0.lowerBound, g + $0.lowerBound, dx + $0.lowerBound, $0.count)
                }
            }
        }
    }

    /// For self = g: puts g f'(x) in its place, in its own memory when nobody else can see it.
    package mutating func applyGradient(_ f: ElementwiseFunction, at x: Tensor) {
        guard isKnownUniquelyReferenced(&storage) else {
            self = x.mappedGradient(f, self)
            return
        }
        let g = storage.pointer + offset
        x.read { x in
            parallelFor(elementCount, grain: elementGrain) {
                S.applyGradient(f, x + $0.lowerBound, g + $0.lowerBound, g + $0.lowerBound, $0.count)
            }
        }
    }

    /// Multiplies with a factor, in this tensor's own memory when nobody else can see it.
    package mutating func scale(by factor: S) {
        guard isKnownUniquelyReferenced(&storage) else {
            self = scaled(by: factor)
            return
        }
        let x = storage.pointer + offset
        parallelFor(elementCount, grain: elementGrain) {
            S.scale(x + $0.lowerBound, factor, x + $0.lowerBound, $0.count)
        }
    }

    /// factor x.
    public func scaled(by factor: S) -> Tensor {
        Tensor(shape) { y in
            read { x in
                parallelFor(elementCount, grain: elementGrain) {
                    S.scale(x + $0.lowerBound, factor, y + $0.lowerBound, $0.count)
                }
            }
        }
    }
}
