import Tensors
import Testing

@Suite struct ProcessorAllowanceTests {
    private func quota(_ files: [String: String]) -> Double? { ProcessorAllowance.quota { files[$0] } }

    @Test(
        arguments: [
            ("200000 100000\n", 2.0), ("150000 100000", 1.5), ("max 100000\n", nil), ("50000", 0.5), ("", nil),
            ("-1 100000", nil), ("0 100000", nil), ("100000 0", nil), ("1 2 3", nil), ("many 100000", nil),
        ] as [(String, Double?)])
    func unifiedQuotas(text: String, expected: Double?) {
        #expect(ProcessorAllowance.quota(unified: text) == expected)
    }

    @Test func quotasOfTheFirstVersion() {
        #expect(ProcessorAllowance.quota(microseconds: "250000\n", ofEach: "100000\n") == 2.5)
        #expect(ProcessorAllowance.quota(microseconds: "-1\n", ofEach: "100000\n") == nil)
        #expect(ProcessorAllowance.quota(microseconds: "100000", ofEach: "0") == nil)
        #expect(ProcessorAllowance.quota(microseconds: "", ofEach: "100000") == nil)
    }

    @Test func theSmallestQuotaOnTheWayUpCounts() {
        let files = [
            "/proc/self/cgroup": "0::/jobs/one/step\n",
            "/sys/fs/cgroup/jobs/one/step/cpu.max": "max 100000\n",
            "/sys/fs/cgroup/jobs/one/cpu.max": "300000 100000\n",
            "/sys/fs/cgroup/jobs/cpu.max": "800000 100000\n",
        ]
        #expect(quota(files) == 3)
    }

    /// In a container the path is often one of the host's, and the files of the container's own group lie at the top.
    @Test func aPathOfAnotherNamespaceLeavesTheTop() {
        #expect(quota(["/proc/self/cgroup": "0::/docker/12ab\n", "/sys/fs/cgroup/cpu.max": "150000 100000"]) == 1.5)
    }

    @Test func theFirstVersionIsReadWhereItsControllersAreMounted() {
        let groups = "12:memory:/x\n4:cpu,cpuacct:/batch/7\n0::/\n"
        let folder = "/sys/fs/cgroup/cpu,cpuacct/batch"
        #expect(
            quota([
                "/proc/self/cgroup": groups, "\(folder)/7/cpu.cfs_quota_us": "-1",
                "\(folder)/7/cpu.cfs_period_us": "100000",
                "\(folder)/cpu.cfs_quota_us": "50000", "\(folder)/cpu.cfs_period_us": "25000",
            ]) == 2)
        #expect(
            quota([
                "/proc/self/cgroup": "1:cpu:/\n", "/sys/fs/cgroup/cpu/cpu.cfs_quota_us": "400000",
                "/sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000",
            ]) == 4)
    }

    @Test func whatIsNotThereLimitsNothing() {
        #expect(quota([:]) == nil)
        #expect(quota(["/proc/self/cgroup": "nonsense\n::\n0:\n4:memory:/a\n0::/a/b\n"]) == nil)
        // A controller whose name only begins alike.
        #expect(
            quota([
                "/proc/self/cgroup": "3:cpuset:/\n", "/sys/fs/cgroup/cpuset/cpu.cfs_quota_us": "100000",
                "/sys/fs/cgroup/cpuset/cpu.cfs_period_us": "100000",
            ]) == nil)
    }

    @Test(
        arguments: [(8, nil, 8), (8, 2.0, 2), (8, 1.5, 2), (2, 6.0, 2), (4, 0.25, 1), (4, 1e300, 4), (0, nil, 1)]
            as [(Int, Double?, Int)])
    func theSmallerOfMaskAndQuotaCounts(affinity: Int, quota: Double?, count: Int) {
        #expect(ProcessorAllowance(affinity: affinity, quota: quota).count == count)
    }

    @Test func thisProcessMayUseAtLeastOne() {
        let current = ProcessorAllowance.current
        #expect(current.affinity >= 1)
        #expect(1...current.affinity ~= current.count)
    }
}
