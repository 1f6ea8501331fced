import CFFTW
import Synchronization

/// Plans of FFTW, made once per problem: planning is not thread-safe and takes longer than a transform, running a plan
/// is safe from any thread.
enum FourierPlans {
    /// What FFTW has to do; the same for the same problem, so its bits do not change from run to run.
    enum Problem: Hashable {
        /// Complex float transforms of [height, width, count] along the first two axes.
        case complexFloat(height: Int, width: Int, count: Int, inverse: Bool)
        /// One real double transform [height, width] -> [height, width / 2 + 1] or back.
        case realDouble(height: Int, width: Int, inverse: Bool)
    }

    private static let plans = Mutex<[Problem: UInt]>([:])

    static func plan(_ problem: Problem) -> OpaquePointer {
        let bits = plans.withLock { plans in
            if let known = plans[problem] { return known }
            let plan = UInt(bitPattern: make(problem))
            plans[problem] = plan
            return plan
        }
        guard let plan = OpaquePointer(bitPattern: bits) else {
            brokenRule("global filter", [], "FFTW has no plan for \(problem)")
        }
        return plan
    }

    /// FFTW_ESTIMATE looks at no data and no clock. Every buffer comes from the pool, so all are aligned alike.
    private static func make(_ problem: Problem) -> OpaquePointer? {
        switch problem {
        case .complexFloat(let height, let width, let count, let inverse):
            let elements = 2 * height * width * count
            let (a, b) = (Storage<Float>(count: elements), Storage<Float>(count: elements))
            return withExtendedLifetime((a, b)) {
                fftwf_plan_many_dft(
                    2, [Int32(height), Int32(width)], Int32(count), complex(a.pointer), nil, Int32(count), 1,
                    complex(b.pointer), nil, Int32(count), 1, inverse ? FFTW_BACKWARD : FFTW_FORWARD, FFTW_ESTIMATE)
            }
        case .realDouble(let height, let width, let inverse):
            let a = Storage<Double>(count: height * width)
            let b = Storage<Double>(count: 2 * height * (width / 2 + 1))
            return withExtendedLifetime((a, b)) {
                inverse
                    ? fftw_plan_dft_c2r_2d(Int32(height), Int32(width), complex(b.pointer), a.pointer, FFTW_ESTIMATE)
                    : fftw_plan_dft_r2c_2d(Int32(height), Int32(width), a.pointer, complex(b.pointer), FFTW_ESTIMATE)
            }
        }
    }

    /// The same memory as FFTW's complex numbers.
    static func complex(_ pointer: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<fftwf_complex> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: fftwf_complex.self)
    }

    static func complex(_ pointer: UnsafeMutablePointer<Double>) -> UnsafeMutablePointer<fftw_complex> {
        UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: fftw_complex.self)
    }
}
