import CFFTW
import CKernels
import COneDNN

/// What the numerical part of this program was built with and runs on.
public enum Build {
    /// The instructions that the kernels use on this processor.
    public static var instructionSet: String {
        switch hb_instruction_level() {
        case 4: "AVX-512 (x86-64-v4)"
        case 3: "AVX2 (x86-64-v3)"
        case 1: "SSE2 (x86-64)"
        default: "NEON"
        }
    }

    /// Whether the kernels run with the narrow instructions that every x86-64 processor has.
    public static var usesBaseline: Bool { hb_instruction_level() == 1 }

    /// Whether the kernels were compiled with optimisation.
    public static var isOptimized: Bool { hb_is_optimized() != 0 }

    /// The version of oneDNN, with the hash of its sources.
    public static var oneDNNVersion: String {
        guard let version = dnnl_version() else { return "unknown" }
        return "\(version.pointee.major).\(version.pointee.minor).\(version.pointee.patch)"
    }

    /// The instructions that oneDNN uses, which the environment variable `ONEDNN_MAX_CPU_ISA` may limit.
    public static var oneDNNInstructionSet: String {
        let names: [(dnnl_cpu_isa_t, String)] = [
            (dnnl_cpu_isa_sse41, "SSE4.1"), (dnnl_cpu_isa_avx, "AVX"), (dnnl_cpu_isa_avx2, "AVX2"),
            (dnnl_cpu_isa_avx512_core, "AVX-512"), (dnnl_cpu_isa_avx512_core_vnni, "AVX-512 VNNI"),
            (dnnl_cpu_isa_avx512_core_bf16, "AVX-512 BF16"),
        ]
        let found = dnnl_get_effective_cpu_isa()
        // Later sets contain the earlier ones.
        if let name = names.first(where: { $0.0 == found })?.1 { return name }
        return found.rawValue > dnnl_cpu_isa_avx512_core_bf16.rawValue ? "AVX-512 and more" : "unknown"
    }

    /// The version of FFTW, such as "3.3.10".
    public static var fftwVersion: String {
        let text = String(cString: hb_fftw_version())
        return text.hasPrefix("fftw-") ? String(text.dropFirst(5).prefix { $0 != "-" }) : text
    }
}
