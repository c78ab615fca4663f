//! How long the store looks for weekly tips that are due, among a thousand and among a million clubs: `cargo bench --bench store`.
//!
//! The baseline is the thousand, in the same run: read the ratios. What the databases say about how they look is printed below.

#[path = "../tests/it/postgres.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod postgres;

use std::{
    env, fs,
    sync::Arc,
    time::{Duration, Instant},
};

use jiff::{
    SignedDuration, Timestamp,
    civil::{Time, Weekday},
};
use patella::{
    id::PlaceId,
    store::{self, Store},
    weekly::{Plan, Weeks},
};
use sqlx::{Connection, PgConnection, SqliteConnection};

const FEW: u64 = 1_000;
const MANY: u64 = 1_000_000;
/// Rows that a worker takes at once.
const BATCH: u32 = 200;
const LOOKS: usize = 200;
/// All clubs are spread over a week, so that in each minute some are due.
const WEEK_MS: i64 = 7 * 24 * 3_600_000;

fn main() {
    // `cargo test` runs benches too, to see that they start.
    if env::args().any(|argument| argument == "--test") {
        return;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("threads");
    runtime.block_on(async {
        for kind in ["sqlite", "postgresql"] {
            let mut base = None;
            for clubs in [FEW, MANY] {
                let Some(store) = filled(kind, clubs).await else { return };
                // Each look takes others, until there are none.
                let batches = LOOKS.min((clubs / u64::from(BATCH)) as usize);
                let (idle, batch) = (looks(&*store, 0, LOOKS).await, looks(&*store, BATCH, batches).await);
                let (idle_base, batch_base) = *base.get_or_insert((idle, batch));
                let line = |what: &str, took: Duration, base: Duration| {
                    let (ms, ratio) = (took.as_secs_f64() * 1e3, took.as_secs_f64() / base.as_secs_f64());
                    println!("{kind:<11} {clubs:>9} clubs, {what:<22} {ms:>7.2} ms   {ratio:>5.2} times that of {FEW}");
                };
                line("nothing is due", idle, idle_base);
                line(&format!("{BATCH} are due and taken"), batch, batch_base);
                if clubs == MANY {
                    println!("{}\n", store.claim_plan().await.expect("explained"));
                }
                store.close().await;
            }
        }
    });
}

/// A store in which so many clubs have tips: the first is due at 0 ms of 1970, the others within a week of it.
async fn filled(kind: &str, clubs: u64) -> Option<Arc<dyn Store>> {
    let time = Time::constant(18, 30, 0, 0);
    let plan = Plan { place: PlaceId(7), day: Weekday::Thursday, time, zone: "America/New_York".to_owned(), role: None };
    let state = serde_json::to_string(&Weeks::start(None, plan, Timestamp::UNIX_EPOCH).expect("a known zone")).expect("JSON");
    let rows = |numbers: &str| {
        format!(
            "INSERT INTO club (id) SELECT n FROM {numbers}; \
             INSERT INTO weekly (club, wake_at, version, state) \
             SELECT n, (n * 7919) % {clubs} * {WEEK_MS} / {clubs}, 0, '{state}' FROM {numbers};"
        )
    };
    let url = if kind == "sqlite" {
        let file = env::temp_dir().join(format!("patella-bench-{}-{clubs}.db", std::process::id()));
        // The system's folder for such things; removed here should the number come again.
        let _ = fs::remove_file(&file);
        format!("sqlite://{}", file.display())
    } else {
        postgres::database()?
    };
    let store = store::open(&url).await.expect("opened");
    if kind == "sqlite" {
        let series =
            format!("(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {clubs}) SELECT n FROM s)");
        let mut own = SqliteConnection::connect(&url).await.expect("opened");
        let fill = format!("BEGIN; {} COMMIT; ANALYZE;", rows(&series));
        sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut own).await.expect("filled");
    } else {
        let series = format!("generate_series(1::bigint, {clubs}) AS s(n)");
        let mut own = PgConnection::connect(&url).await.expect("opened");
        let fill = format!("{} ANALYZE;", rows(&series));
        sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut own).await.expect("filled");
    }
    Some(store)
}

/// The median time of a look that takes so many rows; what was taken is not due again.
async fn looks(store: &dyn Store, wanted: u32, count: usize) -> Duration {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        // Nothing is due before the first; all are due after the last, and a look takes the oldest.
        let now = if wanted == 0 { -1 } else { 100 * WEEK_MS };
        let now = Timestamp::from_millisecond(now).expect("in range");
        let until = now + SignedDuration::from_millis(WEEK_MS);
        let began = Instant::now();
        let taken = store.claim(now, until, wanted.max(1)).await.expect("it answers").len();
        times.push(began.elapsed());
        assert_eq!(taken, wanted as usize);
    }
    times.sort_unstable();
    times[count / 2]
}
