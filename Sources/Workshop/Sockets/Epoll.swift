/// Linux's event queue: epoll, edge-triggered, with an eventfd to wake it.
import CLinux
import Glibc

struct Epoll: EventQueue {
    /// How many changes one system call may report.
    private static let eventsMax = 256
    /// No descriptor of a stream has this key.
    private static let wakeKey = UInt64.max

    private let descriptor: Int32
    private let wakeDescriptor: Int32
    private let events: UnsafeMutablePointer<epoll_event>

    init() throws(SocketFailed) {
        descriptor = try system("epoll_create1") { epoll_create1(Int32(EPOLL_CLOEXEC)) }
        do throws(SocketFailed) {
            wakeDescriptor = try system("eventfd") { eventfd(0, Int32(EFD_CLOEXEC | EFD_NONBLOCK)) }
        } catch {
            _ = Glibc.close(descriptor)
            throw error
        }
        events = .allocate(capacity: Self.eventsMax)
        do throws(SocketFailed) {
            try add(wakeDescriptor, key: Self.wakeKey)
        } catch {
            close()
            throw error
        }
    }

    func add(_ watched: Int32, key: UInt64) throws(SocketFailed) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue | EPOLLOUT.rawValue | EPOLLRDHUP.rawValue | EPOLLET.rawValue
        event.data.u64 = key
        try system("epoll_ctl") { epoll_ctl(descriptor, EPOLL_CTL_ADD, watched, &event) }
    }

    func wait(milliseconds: Int32, _ report: (Readiness) -> Void) throws(SocketFailed) {
        let count = epoll_wait(descriptor, events, Int32(Self.eventsMax), milliseconds)
        guard count >= 0 else {
            // A signal ends the wait early; the loop computes the next one anew.
            if errno == EINTR { return }
            throw .system(call: "epoll_wait", errno: errno)
        }
        for index in 0..<Int(count) {
            let event = events[index]
            if event.data.u64 == Self.wakeKey { continue }
            let failed = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
            let finished = event.events & EPOLLRDHUP.rawValue != 0
            report(
                Readiness(
                    key: event.data.u64,
                    readable: failed || finished || event.events & EPOLLIN.rawValue != 0,
                    writable: failed || event.events & EPOLLOUT.rawValue != 0,
                    hungUp: failed || finished))
        }
    }

    /// The count in the eventfd is never read: each write is a change, and edge-triggering reports changes.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeDescriptor, &one, MemoryLayout<UInt64>.size)
    }

    func close() {
        _ = Glibc.close(wakeDescriptor)
        _ = Glibc.close(descriptor)
        events.deallocate()
    }
}
