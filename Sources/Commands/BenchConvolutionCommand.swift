import ArgumentParser
import JSON
import Reporting
import Tensors
import Training

struct BenchConvolutionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench-convolution", abstract: "Times one convolution of maps or volumes, forward and backward.",
        discussion: """
            A step is the forward pass and the gradients of input, weight and bias. Sizes are one number for all axes, or \
            one for each, separated by commas.

            EXAMPLES:
              trainer bench-convolution --input 32,32,32,64 --outputs 64 \\
                --kernel 3 --padding 1 --groups 4
              trainer bench-convolution --input 32,8,16,16,32 --outputs 32 \\
                --kernel 3 --padding 1
              trainer bench-convolution --input 32,16,16,64 --outputs 32 \\
                --kernel 4 --stride 2 --padding 1 --transposed
            """)

    @Option(help: "Images, height, width and channels, or volumes, depth, height, width and channels.")
    var input: String

    @Option(parsing: .unconditional, help: "Channels of the result.")
    var outputs: Int

    @Option(parsing: .unconditional, help: "The size of the kernel.")
    var kernel: String

    @Option(parsing: .unconditional, help: "How far the kernel moves.")
    var stride = "1"

    @Option(parsing: .unconditional, help: "Zeros on either side.")
    var padding = "0"

    @Option(parsing: .unconditional, help: "The distance of neighbouring taps.")
    var dilation = "1"

    @Option(parsing: .unconditional, help: "What is added to the result of a transposed convolution.")
    var outputPadding = "0"

    @Option(parsing: .unconditional, help: "Parts of the channels that do not see each other.")
    var groups = 1

    @Flag(help: "The adjoint, which makes maps larger by the stride.")
    var transposed = false

    @Option(parsing: .unconditional, help: "Steps to time.")
    var steps = 20

    @Option(parsing: .unconditional, help: "Threads; 0 for all processors.")
    var threads = 0

    @Flag(help: "Print JSON instead of a table.")
    var json = false

    func validate() throws {
        try Commands.check("--steps", steps, in: 1...1_000_000)
        try Commands.check("--outputs", outputs, in: 1...65_536)
        try Commands.check("--groups", groups, in: 1...65_536)
        try ThreadsOption.check(threads)
        _ = try setup()
    }

    private func setup() throws -> ConvolutionBenchmark.Setup {
        func numbers(_ text: String, _ name: String) throws -> [Int] {
            try text.split(separator: ",", omittingEmptySubsequences: false).map { part in
                guard let number = Int(part), 0...65_536 ~= number else {
                    throw ValidationError("\(name) is \(text), expected numbers from 0 to 65536 separated by commas")
                }
                return number
            }
        }
        var setup = ConvolutionBenchmark.Setup(
            input: try numbers(input, "--input"), outputs: outputs, kernel: try numbers(kernel, "--kernel"))
        setup.stride = try numbers(stride, "--stride")
        setup.padding = try numbers(padding, "--padding")
        setup.dilation = try numbers(dilation, "--dilation")
        setup.outputPadding = try numbers(outputPadding, "--output-padding")
        setup.groups = groups
        setup.isTransposed = transposed
        return setup
    }

    func run() throws {
        let console = Console()
        ThreadPool.shared.threads = threads > 0 ? threads : ThreadPool.processorCount
        let result = try ConvolutionBenchmark(try setup()).run(steps: steps)
        // The gradients of input and weight cost as much as the forward pass each.
        let rate = 6 * Double(result.multiplyAdds) / result.step.median
        let forward = 2 * Double(result.multiplyAdds) / result.forward.median
        if json {
            let encoded: JSONValue = [
                "stepSeconds": .number(result.step.median), "forwardSeconds": .number(result.forward.median),
                "multiplyAdds": .integer(result.multiplyAdds), "flops": .number(rate),
                "forwardFlops": .number(forward), "peakFlops": .number(result.peakRate),
                "peakMemoryMB": .number(result.peakMemoryMB),
            ]
            return console.text(encoded.text(pretty: true))
        }
        func row(_ name: String, _ times: StepBenchmark.Times, _ rate: Double) -> [String] {
            [
                name, NumberText.fixed(times.median * 1000, decimals: 2),
                NumberText.fixed(times.lowerQuartile * 1000, decimals: 2),
                NumberText.fixed(times.upperQuartile * 1000, decimals: 2), NumberText.fixed(rate / 1e9, decimals: 1),
                NumberText.percentage(rate / result.peakRate, decimals: 1),
            ]
        }
        let table = Table(
            columns: ["", "median ms", "quartile", "quartile", "GFLOP/s", "of the peak"],
            rows: [row("forward", result.forward, forward), row("forward and backward", result.step, rate)])
        console.text(
            "\(NumberText.grouped(result.multiplyAdds)) multiply-adds forward, peak memory "
                + "\(Int(bounded: result.peakMemoryMB)) MB\n\n" + table.render())
    }
}
