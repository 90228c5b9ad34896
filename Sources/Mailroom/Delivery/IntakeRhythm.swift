import Keyturn

/// When intake is emptied: ``DeliveryWorker/intakeRhythm`` after it was emptied last, and not at once when a request comes. What the worker does
/// for one request would else be heard in the time of the next.
struct IntakeRhythm: Sendable, Equatable {
    private var due: Timestamp?
    /// A request has come since intake was looked at.
    var isAwaited = false

    /// - Returns: whether intake is to be emptied now.
    mutating func begin(at now: Timestamp) -> Bool {
        // Further ahead than it was ever set: the clock was set back.
        if let due, now < due, due - now <= DeliveryWorker.intakeRhythm { return false }
        isAwaited = false
        return true
    }

    /// - Parameter isEmptied: whether all that was there was looked at.
    mutating func ended(isEmptied: Bool, at now: Timestamp) {
        due = isEmptied ? now + DeliveryWorker.intakeRhythm : nil
    }

    /// How long there is nothing to do; nil if no request is awaited.
    func wait(at now: Timestamp) -> Duration? {
        guard isAwaited else { return nil }
        return due.map { min(max(.milliseconds(1), $0 - now), DeliveryWorker.intakeRhythm) } ?? .milliseconds(1)
    }
}
