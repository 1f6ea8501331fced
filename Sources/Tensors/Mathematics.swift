#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

// The C library's functions under one name each, so that only this file asks which C library it is.
func logarithm(_ x: Double) -> Double { log(x) }
func logarithm1p(_ x: Double) -> Double { log1p(x) }
package func power(_ x: Double, _ y: Double) -> Double { pow(x, y) }
func exponential(_ x: Double) -> Double { exp(x) }
func errorFunction(_ x: Double) -> Double { erf(x) }
func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }
func sine(_ x: Double) -> Double { sin(x) }
package func cosine(_ x: Double) -> Double { cos(x) }
