/// The loops of the process.
import CLinux
import Glibc
import Synchronization

package final class EventLoops: Sendable {
    package let all: [EventLoop]
    private let turn = Atomic<Int>(0)

    /// Starts `count` threads, at least one. The process ignores SIGPIPE from here on: a peer that went away is an
    /// error of one write, through OpenSSL's too.
    package init(count: Int) throws(SocketFailed) {
        signal(SIGPIPE, SIG_IGN)
        var loops: [EventLoop] = []
        do throws(SocketFailed) {
            for _ in 0..<max(1, count) { loops.append(try EventLoop()) }
        } catch {
            for loop in loops { loop.shutDownBlocking() }
            throw error
        }
        all = loops
    }

    /// Deals the loops out in turn.
    package func next() -> EventLoop {
        let index = turn.wrappingAdd(1, ordering: .relaxed).oldValue
        return all[Int(UInt(bitPattern: index) % UInt(all.count))]
    }

    /// Closes every socket of every loop, lets their tasks come to an end, and ends the threads. Called once, from a task
    /// that does not run on one of them.
    package func shutDown() async {
        for loop in all { await loop.shutDown() }
    }
}
