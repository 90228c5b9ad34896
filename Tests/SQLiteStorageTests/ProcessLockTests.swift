/// A process that delivers is seen by the others before it leases anything, whatever else fails at its start.
import Foundation
import GRDB
import Keyturn
import Telemetry
import TestKit
import Testing

@testable import SQLiteStorage

@Suite struct `A process that delivers` {
    @Test func `keeps its leases from the next one although the database was busy when it started`() async throws {
        try await Folder.use { folder in
            let first = try open(folder)
            defer { first.close() }
            let busy = try openInTransaction(folder.path("k.sqlite"))
            try await first.takeBackLeases(at: .noon)
            try await busy.writeWithoutTransaction { db in try db.rollback() }
            try await first.tested.record("ann@example.com")
            let lease = try await first.tested.lease(atMost: 1, for: .seconds(60), at: .noon)[0]

            let second = try open(folder)
            defer { second.close() }
            try await second.takeBackLeases(at: .noon + .seconds(1))
            #expect(try await first.tested.stillHolds(lease))
            #expect(try await second.tested.leaseAddresses(at: .noon + .seconds(1)).isEmpty)
        }
    }

    @Test func `does not start where it cannot be seen`() async throws {
        try await Folder.use { folder in
            let database = try open(folder)
            defer { database.close() }
            // A directory in the place of the lock's file.
            try FileManager.default.createDirectory(
                atPath: folder.path("k.sqlite-lock"), withIntermediateDirectories: false)
            await #expect(
                throws: StorageFailed(
                    .unavailable, reason: "cannot open \(folder.path("k.sqlite"))-lock: Is a directory")
            ) { try await database.takeBackLeases(at: .noon) }
        }
    }

    @Test func `waits for a restore that is under way, and not for ever`() async throws {
        try await Folder.use { folder in
            let path = folder.path("k.sqlite")
            let restoring = try ProcessLock(beside: path)
            #expect(restoring.isAlone())
            let waiting = try ProcessLock(beside: path)
            await #expect(throws: StorageFailed.self) { try await waiting.share(within: .milliseconds(50)) }
            async let shared: Void = waiting.share(within: .seconds(20))
            try await Task.sleep(for: .milliseconds(50))
            try await restoring.share()
            try await shared
        }
    }

    private func open(_ folder: Folder) throws -> SQLiteDatabase {
        var options = SQLiteOptions(path: folder.path("k.sqlite"))
        options.busyLimit = .milliseconds(50)
        return try SQLiteDatabase(options, now: .noon, metrics: Metrics(), log: .silent)
    }
}
