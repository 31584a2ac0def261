use std::fs;
use std::path::Path;

use sqlx::Connection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};

use super::*;

const BRIEFLY: Duration = Duration::from_millis(80);

async fn connect(path: &Path) -> SqliteConnection {
    SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn a_new_ledger_is_private_durable_and_ready() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dèep/er 日/ledger.db");
    let ledger = Ledger::open(&path).await.unwrap();
    ledger.insert(render("k"), 1).await.unwrap();
    ledger.check().await.unwrap();
    assert_eq!(ledger.path(), path);
    #[cfg(unix)]
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(path.with_file_name(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    for (pool, query_only) in [(&ledger.inner.writer, 0), (&ledger.inner.readers, 1)] {
        for (pragma, expected) in
            [("PRAGMA synchronous", 2), ("PRAGMA foreign_keys", 1), ("PRAGMA query_only", query_only)]
        {
            let value: i64 = sqlx::query_scalar(pragma).fetch_one(pool).await.unwrap();
            assert_eq!(value, expected, "{pragma}");
        }
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(pool).await.unwrap();
        assert_eq!(mode, "wal");
    }
    ledger.close().await;
    assert_told(ledger.insert(render("late"), 1).await, Kind::Ledger, "closed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_open_a_new_ledger_at_once() {
    for _ in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let openings: Vec<_> = (0..8)
            .map(|n| {
                let path = path.clone();
                tokio::spawn(async move {
                    let ledger = Ledger::open(&path).await.unwrap();
                    ledger.insert(render(&format!("k{n}")), n).await.unwrap();
                })
            })
            .collect();
        for opening in openings {
            opening.await.unwrap();
        }
        assert_eq!(Ledger::open(&path).await.unwrap().active().await.unwrap().len(), 8);
    }
}

#[tokio::test]
async fn the_schema_is_applied_once_in_step() {
    let home = Home::new().await;
    home.another().await;
    let steps: Vec<i64> = sqlx::query_scalar("SELECT version FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&home.ledger.inner.readers)
        .await
        .unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ledger/migrations/sqlite");
    let mut files: Vec<i64> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_str().unwrap().split('_').next().unwrap().parse().unwrap())
        .collect();
    files.sort_unstable();
    assert_eq!(steps, (1..=steps.len() as i64).collect::<Vec<_>>());
    assert_eq!(steps, files, "every file is applied, and numbers have no gap");
}

#[tokio::test]
async fn what_is_damaged_foreign_or_newer_is_refused_and_left_alone() {
    let garbage: fn(&Path) =
        |path| fs::write(path, "not a database, but the notes of somebody ".repeat(200)).unwrap();
    let header_only: fn(&Path) = |path| {
        let mut bytes = b"SQLite format 3\0".to_vec();
        bytes.resize(5000, 0xA5);
        fs::write(path, bytes).unwrap();
    };
    for (name, make) in [("garbage", garbage), ("broken header", header_only)] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        make(&path);
        let before = fs::read(&path).unwrap();
        let opened = Ledger::open_within(&path, BRIEFLY).await;
        assert_told(
            opened
                .map_err(|error| Error::new(error.kind(), format!("{name}: {}", error.message())).next("…")),
            Kind::Ledger,
            "damaged",
        );
        assert_eq!(fs::read(&path).unwrap(), before, "{name} was touched");
    }

    for (sql, words) in [
        ("CREATE TABLE photo (id INTEGER); PRAGMA user_version = 3", "another program"),
        ("PRAGMA application_id = 77", "another program"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        {
            let options = SqliteConnectOptions::new().filename(&path).create_if_missing(true);
            let mut theirs = SqliteConnection::connect_with(&options).await.unwrap();
            run(&mut theirs, sql).await;
            theirs.close().await.unwrap();
        }
        assert_told(Ledger::open_within(&path, BRIEFLY).await, Kind::Ledger, words);
        let mut theirs = connect(&path).await;
        let ours: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name LIKE '%sqlx%' OR name = 'job'")
                .fetch_one(&mut theirs)
                .await
                .unwrap();
        assert_eq!(ours, 0);
    }

    let home = Home::new().await;
    let mut newer = connect(&home.path()).await;
    run(
        &mut newer,
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (900, 'later', TRUE, x'00', 0)",
    )
    .await;
    assert_told(Ledger::open(&home.path()).await, Kind::Ledger, "newer firstcut (its schema is 900");
}

#[tokio::test]
async fn damage_inside_is_found() {
    let home = Home::new().await;
    for n in 0..200 {
        home.ledger.insert(video(&format!("k{n}")), n).await.unwrap();
    }
    home.ledger.close().await;
    let mut bytes = fs::read(home.path()).unwrap();
    bytes.iter_mut().skip(4096).for_each(|byte| *byte ^= 0x5A);
    fs::write(home.path(), &bytes).unwrap();
    // The first page is whole, so opening may succeed; what follows must not be taken for an empty ledger.
    let found = match Ledger::open_within(&home.path(), BRIEFLY).await {
        Ok(ledger) => ledger.check().await.map(drop),
        Err(error) => Err(error),
    };
    assert_told(found, Kind::Ledger, "damaged");
    assert_eq!(fs::read(home.path()).unwrap(), bytes);
}

#[tokio::test]
async fn a_journal_without_its_ledger_is_not_thrown_away() {
    for remains in [None, Some("")] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        if let Some(text) = remains {
            fs::write(&path, text).unwrap();
        }
        fs::write(folder.path().join("ledger.db-wal"), "the latest jobs").unwrap();
        assert_told(Ledger::open(&path).await, Kind::Ledger, "journal is still there");
        assert_eq!(fs::read_to_string(folder.path().join("ledger.db-wal")).unwrap(), "the latest jobs");
    }
}

#[tokio::test]
async fn an_empty_file_becomes_a_ledger() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::write(&path, "").unwrap();
    Ledger::open(&path).await.unwrap().insert(render("k"), 1).await.unwrap();
}

#[tokio::test]
async fn what_stands_in_the_way_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    fs::create_dir(&path).unwrap();
    assert_told(Ledger::open(&path).await, Kind::Ledger, "in its way");

    let file = folder.path().join("file");
    fs::write(&file, "x").unwrap();
    assert_told(Ledger::open(&file.join("ledger.db")).await, Kind::Ledger, "in the way of its folder");
    assert_told(Ledger::open(&file.join("deeper/ledger.db")).await, Kind::Ledger, "in the way of its folder");
    #[cfg(target_os = "linux")]
    assert_told(Ledger::open(Path::new("/sys/firstcut/ledger.db")).await, Kind::Ledger, "cannot be made");
}

#[tokio::test]
async fn a_read_only_ledger_is_named() {
    let home = Home::new().await;
    home.ledger.close().await;
    let mut permissions = fs::metadata(home.path()).unwrap().permissions();
    permissions.set_readonly(true);
    fs::set_permissions(home.path(), permissions).unwrap();
    assert_told(Ledger::open(&home.path()).await, Kind::Ledger, "read-only");
}

#[tokio::test]
async fn a_write_that_the_system_forbids_is_named() {
    let home = Home::new().await;
    home.ledger.insert(render("k"), 1).await.unwrap();
    sqlx::query("PRAGMA query_only = ON").execute(&home.ledger.inner.writer).await.unwrap();
    assert_told(
        home.ledger.wake(&home.ledger.job_by_key("k").await.unwrap().unwrap().id, 2).await,
        Kind::Ledger,
        "cannot be written",
    );
}

#[tokio::test]
async fn a_full_disk_is_named_and_loses_nothing() {
    let home = Home::new().await;
    sqlx::query("PRAGMA max_page_count = 40").execute(&home.ledger.inner.writer).await.unwrap();
    let mut written = 0;
    let failure = loop {
        match home.ledger.insert(render(&format!("k{written}")), 1).await {
            Ok(_) => written += 1,
            Err(error) => break error,
        }
        assert!(written < 10_000, "the limit has no effect");
    };
    assert_told::<()>(Err(failure), Kind::Ledger, "full");
    assert_eq!(home.raw("SELECT COUNT(*) FROM job").await, written);
    // Space again: the connection that was left in disorder is replaced (and the limit went with it).
    assert!(home.ledger.insert(render("after"), 1).await.unwrap().fresh);
}

#[tokio::test]
async fn a_lock_of_somebody_else_is_named_and_waited_for() {
    let home = Home::new().await;
    let job = home.ledger.insert(render("k"), 1).await.unwrap().job;
    let hasty = Ledger::open_within(&home.path(), BRIEFLY).await.unwrap();
    let mut theirs = connect(&home.path()).await;
    run(&mut theirs, "BEGIN EXCLUSIVE").await;
    assert_told(hasty.insert(render("k2"), 1).await, Kind::Ledger, "locked by another program");
    assert_eq!(hasty.job(&job.id).await.unwrap().id, job.id, "reading goes on");
    let reopened = Ledger::open_within(&home.path(), BRIEFLY).await.unwrap();
    assert_eq!(reopened.active().await.unwrap().len(), 1, "opening needs no lock when the schema is current");

    let patient = home.ledger.clone();
    let waiting = tokio::spawn(async move { patient.insert(render("k3"), 1).await });
    tokio::time::sleep(Duration::from_millis(30)).await;
    assert!(!waiting.is_finished());
    run(&mut theirs, "ROLLBACK").await;
    assert!(waiting.await.unwrap().unwrap().fresh);

    // A program that keeps the file all to itself, reading included.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    Ledger::open(&path).await.unwrap().close().await;
    let mut theirs = connect(&path).await;
    run(&mut theirs, "PRAGMA locking_mode = EXCLUSIVE; UPDATE revision SET value = 1").await;
    assert_told(Ledger::open_within(&path, BRIEFLY).await, Kind::Ledger, "locked by another program");
}
