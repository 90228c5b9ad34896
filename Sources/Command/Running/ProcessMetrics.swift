import Foundation
import PasswordHashing
import Telemetry

/// What is known about the process as a whole, under the names that Prometheus' own libraries give it.
enum ProcessMetrics {
    static func register(in metrics: Metrics, hashing pool: HashingPool) {
        let started = Date().timeIntervalSince1970
        metrics.gauge("keyturn_build_info", help: "Always 1; the version is its label.", ("version", Version.text)).set(
            1)
        metrics.onRead("process_start_time_seconds", help: "When the process started, in seconds since 1970.") {
            started
        }
        metrics.onRead("process_resident_memory_bytes", help: "Resident memory.") { residentBytes() }
        metrics.onRead("process_open_fds", help: "Open file descriptors.") { openDescriptors() }
        metrics.onRead("process_max_fds", help: "File descriptors the process may have open.") { descriptorLimit() }
        metrics.onRead("process_cpu_seconds_total", help: "CPU time, user and system, in seconds.", as: .counter) {
            processorSeconds()
        }
        metrics.onRead(
            "keyturn_log_lines_dropped_total",
            help: "Lines of the log that were dropped because nothing read standard error, or that it did not take.",
            as: .counter
        ) { Double(LineQueue.standardError.lostLines) }
        metrics.onRead("keyturn_hashing_waiting", help: "Passwords that wait for a hashing thread.") {
            Double(pool.waiting)
        }
    }

    /// proc(5), statm: the second number, in pages.
    private static func residentBytes() -> Double {
        let pages = text("/proc/self/statm").split(separator: " ").dropFirst().first.flatMap { Double($0) } ?? 0
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }

    /// proc(5), stat: fields 14 and 15, in ticks. The name, which may hold anything, ends at the last parenthesis.
    private static func processorSeconds() -> Double {
        let fields = (text("/proc/self/stat").split(separator: ")").last ?? "").split(separator: " ")
        guard fields.count > 12, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    private static func openDescriptors() -> Double {
        Double((try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0)
    }

    private static func descriptorLimit() -> Double {
        let line = text("/proc/self/limits").split(separator: "\n").first { $0.hasPrefix("Max open files") }
        return line.flatMap { $0.split(separator: " ").dropFirst(3).first }.flatMap { Double($0) } ?? 0
    }

    /// The kernel says how long such a file is only when it is read.
    private static func text(_ path: String) -> String {
        let bytes = (try? FileHandle(forReadingAtPath: path)?.readToEnd()) ?? nil
        return bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
    }
}
