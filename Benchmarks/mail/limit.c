// What SQLite itself can promise: the rows and settings of intake, one thread, a transaction of 256 rows after the other, each synced.
// usage: limit DATABASE SECONDS, on a database that `keyturn migrate` made; then prints rows a second.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    sqlite3 *database;
    sqlite3_stmt *insert;
    if (sqlite3_open(arguments[1], &database)) return 1;
    const char *settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST";
    if (sqlite3_exec(database, settings, NULL, NULL, NULL)) return 1;
    const char *row = "INSERT INTO intake (address, language, device, recorded_at) VALUES (?1, NULL, NULL, ?2)";
    if (sqlite3_prepare_v2(database, row, -1, &insert, NULL)) return 1;
    double began = now(), end = began + atof(arguments[2]);
    long rows = 0;
    while (now() < end) {
        if (sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL)) return 1;
        for (int i = 0; i < 256; i++, rows++) {
            char address[64];
            int length = snprintf(address, sizeof address, "p%ld@example.com", rows);
            sqlite3_bind_text(insert, 1, address, length, SQLITE_STATIC);
            sqlite3_bind_int64(insert, 2, 1700000000000 + rows);
            if (sqlite3_step(insert) != SQLITE_DONE) return 1;
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(database, "COMMIT", NULL, NULL, NULL)) return 1;
    }
    printf("%.0f\n", (double)rows / (now() - began));
}
