/// The limiter under a flood of clients, each with one request: `LimiterFlood CLIENTS`.
import Glibc
import Keyturn

@main
struct LimiterFlood {
    /// What the limiter may grow by after its first clients: pages of the allocator's, and no table.
    static let growthMiBMax = 1.0
    /// So many clients come in a second of the limiter's clock.
    static let clientsASecond = 10_000

    static func main() {
        guard CommandLine.arguments.count == 2, let clients = UInt32(CommandLine.arguments[1]), clients > 0 else {
            exit(64)
        }
        let alone = residentMiB()
        // As the service has it, where nothing else is configured.
        let limiter = RateLimiter(rate: Rate(30, per: .seconds(60)), burst: 30)
        var flood = LimiterFlood(limiter: limiter)
        flood.run(clients: 0..<1)
        let before = residentMiB()
        let began = ContinuousClock.now
        flood.run(clients: 1..<clients)
        let nanoseconds = (ContinuousClock.now - began) / Int(clients) / .nanoseconds(1)
        let after = residentMiB()
        print(
            "resident: \(text(alone)) MiB without a limiter, \(text(before)) with one client, \(text(after)) after \(clients)"
        )
        print("each took \(Int(nanoseconds)) ns; refused \(flood.refused)")
        print("one that asks every second was let in \(flood.admitted) times; the limit allows \(flood.allowed)")
        exit(after - before <= growthMiBMax && flood.refused == 0 && flood.admitted <= flood.allowed ? 0 : 1)
    }

    let limiter: RateLimiter
    /// Of the flood's clients.
    var refused = 0
    /// How often the one that goes on asking was let in.
    var admitted = 0
    /// How often its burst and its rate let it in.
    var allowed = 0

    mutating func run(clients: Range<UInt32>) {
        for client in clients {
            let now = Timestamp(milliseconds: Int64(client) * 1000 / Int64(Self.clientsASecond))
            if limiter.admit(Client(address: address(client)), at: now) != nil { refused += 1 }
            guard Int(client) % Self.clientsASecond == 0 else { continue }
            // Uses its burst up first, and is one of the flood's from then on.
            for _ in 0..<(client == 0 ? 30 : 1) where limiter.admit(Client(address: [0xfe, 0x80]), at: now) == nil {
                admitted += 1
            }
            allowed = 30 + Int(now.seconds) / 2
        }
    }

    private func address(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }
}

/// What the process has in memory now.
private func residentMiB() -> Double {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 128)
    guard fgets(&line, Int32(line.count), file) != nil else { return 0 }
    let text = String(decoding: line.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Pages: the whole address space first, then those that are resident.
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return Double(pages * Int(sysconf(Int32(_SC_PAGESIZE)))) / 1_048_576
}

private func text(_ mebibytes: Double) -> String { "\((mebibytes * 10).rounded() / 10)" }
