/// How many reset mails one account gets: `burst` at once, one more each `interval`.

/// Computed anew from the mails that went out, those without an answer included (GCRA, replayed), so it survives a restart and needs no table of its own.
package struct MailBudget: Sendable, Equatable {
    /// How many full bursts are looked back on. What lies before is forgotten: who asks without a pause gets one burst more in
    /// this many, three in a hundred.
    private static let burstsReplayed = 32

    package let interval: Duration
    package let burst: Int

    /// - Parameters: `interval` from 1 ms to 366 days, `burst` from 1 to 1000: what is outside counts as the nearest inside.
    package init(interval: Duration, burst: Int) {
        self.interval = min(max(.milliseconds(1), interval), .seconds(366 * 86_400))
        self.burst = min(max(1, burst), 1000)
    }

    /// How far back ``admits(after:at:)`` must see.
    package var horizon: Duration { interval * burst * Self.burstsReplayed }

    /// - Parameter mails: when mails went out, oldest first, at least as far back as ``horizon``. Those of the future are from
    ///   before the clock was set back, and are ignored.
    package func admits(after mails: [Timestamp], at now: Timestamp) -> Bool {
        let paidOff = mails.lazy.filter { $0 <= now }.reduce(Timestamp(milliseconds: .min)) { owed, mail in
            max(owed, mail) + interval
        }
        return paidOff + interval <= now + interval * burst
    }
}
