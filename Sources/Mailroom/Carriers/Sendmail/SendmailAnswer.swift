import Glibc
import Processes

/// How the program ended, and what that means for the letter. The numbers are those of `sysexits.h`.
struct SendmailAnswer: Sendable {
    let end: Program.End

    private static let names: [Int32: String] = [
        64: "EX_USAGE", 65: "EX_DATAERR", 66: "EX_NOINPUT", 67: "EX_NOUSER", 68: "EX_NOHOST", 69: "EX_UNAVAILABLE",
        70: "EX_SOFTWARE", 71: "EX_OSERR", 72: "EX_OSFILE", 73: "EX_CANTCREAT", 74: "EX_IOERR", 75: "EX_TEMPFAIL",
        76: "EX_PROTOCOL", 77: "EX_NOPERM", 78: "EX_CONFIG",
    ]
    /// No process, no memory, no descriptor: there may be some in a moment.
    private static let passing: Set<Int32> = [EAGAIN, ENOMEM, EMFILE, ENFILE, ETXTBSY]

    func verdict(messageID: String, words: ProviderWords) -> Verdict {
        switch end {
        case .exited(0, _): .delivered(messageID: messageID)
        case .exited(75, let said):
            .later(after: nil, reason: reason(75, said, words), pausesEverybody: false)
        case .exited(let status, let said) where (65...67).contains(status):
            .never(reason: reason(status, said, words))
        // Its configuration, the account it uses, the machine: no letter's fault.
        case .exited(let status, let said): .stop(reason: reason(status, said, words))
        case .killed(let signal, let tookAll, let said):
            unclear("ended by signal \(signal)", tookAll: tookAll, said, words)
        case .cutOff(let tookAll, let said): unclear("did not end in time", tookAll: tookAll, said, words)
        case .notStarted(let number) where Self.passing.contains(number):
            .later(after: nil, reason: Self.notStarted(number), pausesEverybody: false)
        case .notStarted(let number): .stop(reason: Self.notStarted(number))
        }
    }

    /// A program that was handed the whole letter may have brought it away.
    private func unclear(_ what: String, tookAll: Bool, _ said: [UInt8], _ words: ProviderWords) -> Verdict {
        let reason = words.reason("\(what)\(Self.spoken(said))")
        return tookAll ? .answerLost(reason: reason) : .unreachable(reason: reason)
    }

    private func reason(_ status: Int32, _ said: [UInt8], _ words: ProviderWords) -> String {
        let name = Self.names[status].map { " (\($0))" } ?? ""
        return words.reason("ended with \(status)\(name)\(Self.spoken(said))")
    }

    private static func spoken(_ said: [UInt8]) -> String {
        said.isEmpty ? "" : ": " + String(decoding: said, as: UTF8.self)
    }

    private static func notStarted(_ number: Int32) -> String {
        "cannot be started: \(unsafe String(cString: strerror(number)))"
    }
}
