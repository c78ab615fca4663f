//! Three real processes, PostgreSQL, and members who ask all the time: killed, frozen and replaced in turn.

use std::{collections::VecDeque, fs, path::PathBuf, process::Stdio};

use patella::{id::ClubId, store, weekly::End};

use super::*;
use crate::{
    postgres,
    program::{Running, folder, patella},
    weekly::kill::{let_leases_lapse, make_due},
};

/// Between two rounds of questions, one in each club.
const OFTEN: Duration = Duration::from_millis(100);
/// Discord's own pace of logins is kept here, so a start takes five seconds a process.
const ALL: [usize; 3] = [1, 1, 1];

/// Processes of one test.
struct Crew {
    world: World,
    store: Arc<dyn Store>,
    url: String,
    folder: PathBuf,
    started: usize,
}

impl Crew {
    /// `None` where there is no PostgreSQL.
    async fn new(test: &str, shards: u64) -> Option<Self> {
        let url = postgres::database()?;
        let folder = folder(format!("many/{test}"));
        let store = store::open(&url).await.expect("opened");
        Some(Self { world: World::new(shards).await, store, url, folder, started: 0 })
    }

    fn start(&mut self) -> Running {
        self.started += 1;
        let log = fs::File::create(self.folder.join(format!("{}.log", self.started))).expect("there is room");
        let discord = &self.world.discord;
        let mut command = patella();
        command.env("DISCORD_TOKEN", discord.token()).env("PATELLA_DISCORD_API", discord.address());
        command.env("PATELLA_STORE_URL", &self.url).env("PATELLA_SHARDS", "shared/3");
        command.env("PATELLA_OPERATOR_LISTEN", "none").env("PATELLA_ASK_COOLDOWN_S", "0");
        command.arg("serve").current_dir(&self.folder).stdout(Stdio::null()).stderr(log);
        Running::start(command)
    }

    /// Weekly tips that are due now.
    async fn tips(&self, clubs: usize) -> Vec<(ClubId, ChannelId)> {
        let club = |_| {
            let guild = self.world.discord.add_guild("Tip club");
            (ClubId(guild.get()), self.world.discord.add_channel(guild, "tips"))
        };
        let clubs: Vec<_> = (0..clubs).map(club).collect();
        make_due(&*self.store, &clubs).await;
        clubs
    }
}

/// Waits for an end in good order, while the stand-in goes on.
async fn ended(mut process: Running) {
    let ended = tokio::task::spawn_blocking(move || process.wait()).await.expect("no panic");
    assert!(ended.success(), "a stop in good order is no fault");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_killed_in_turn_are_replaced_by_the_others_and_no_tip_is_lost_or_doubled() {
    let Some(mut crew) = Crew::new("killed", 3).await else { return };
    let begin = Instant::now();
    let mut processes: VecDeque<Running> = (0..3).map(|_| crew.start()).collect();
    crew.world.served_by(&ALL).await;
    shared_out(&*crew.store, 3, 3).await;
    println!("three processes run a part each after {:.1} s", begin.elapsed().as_secs_f64());
    crew.world.discord.faults(|faults| {
        faults.delay = Duration::from_millis(30);
        faults.cut_rate = 0.15;
        faults.only = "messages".to_owned();
    });
    let load = crew.world.load(OFTEN);
    let (mut gaps, mut tips) = (Vec::new(), Vec::new());
    for round in 0..3 {
        let due = crew.tips(12).await;
        tokio::time::sleep(Duration::from_millis(fastrand::u64(20..500))).await;
        let killed = Instant::now();
        drop(processes.pop_front().expect("three run"));
        // Twice it is started again at once, and gets the part back; the last time the others take it over.
        let (copies, last) = (3 - round / 2, round == 2);
        if !last {
            processes.push_back(crew.start());
        }
        let unserved = |state: &crate::stand_in::State| (0..3).filter(|shard| state.gateway.serving(*shard) == 0).collect();
        let dead: Vec<u64> = crew
            .world
            .discord
            .until("a shard that nobody serves", |state| Some(unserved(state)).filter(|dead: &Vec<u64>| !dead.is_empty()))
            .await;
        crew.world.served_by(&ALL).await;
        let gap = killed.elapsed();
        println!("shards {dead:?} were taken over after {:.1} s", gap.as_secs_f64());
        assert!(gap < Duration::from_secs(30), "{gap:?}");
        gaps.push((dead, killed, Instant::now()));
        // As if the three minutes were over for which a dead process keeps what it began.
        while let_leases_lapse(&*crew.store, &due).await > 0 {
            assert!(killed.elapsed() < Duration::from_secs(60), "tips are missing");
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        shared_out(&*crew.store, copies, 3).await;
        tips.extend(due);
    }
    let (asked, unanswered) = load.finish().await;
    for lost in &unanswered {
        // What was on its way to a process when it was killed is lost with it.
        let before = Duration::from_millis(500);
        let in_gap = gaps
            .iter()
            .any(|(dead, killed, back)| dead.contains(&(lost.shard as u64)) && lost.at + before > *killed && lost.at < *back);
        assert!(in_gap, "a question to a shard that was served had no answer: shard {}", lost.shard);
    }
    for (club, channel) in &tips {
        assert_eq!(crew.world.discord.messages(*channel).len(), 1, "club {club}");
        let (weeks, _) = crew.store.weekly(*club).await.expect("read").expect("there");
        assert_eq!(weeks.last.map(|l| l.end), Some(End::Posted));
    }
    println!(
        "{} questions, {} to shards that nobody served; {} tips, 0 lost, 0 double; {:.0} s",
        asked.len(),
        unanswered.len(),
        tips.len(),
        begin.elapsed().as_secs_f64()
    );
    drop(processes);
    crew.world.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_leaves_no_question_unanswered() {
    let Some(mut crew) = Crew::new("rolling", 3).await else { return };
    let begin = Instant::now();
    let mut processes: VecDeque<Running> = (0..3).map(|_| crew.start()).collect();
    crew.world.served_by(&ALL).await;
    shared_out(&*crew.store, 3, 3).await;
    let load = crew.world.load(OFTEN);
    for _ in 0..3 {
        let old = processes.pop_front().expect("three run");
        old.signal("-TERM");
        let stopped = Instant::now();
        ended(old).await;
        println!("a process handed over and ended after {:.1} s", stopped.elapsed().as_secs_f64());
        crew.world.served_by(&ALL).await;
        processes.push_back(crew.start());
        shared_out(&*crew.store, 3, 3).await;
        crew.world.served_by(&ALL).await;
    }
    let (asked, unanswered) = load.finish().await;
    println!("{} questions, {} unanswered; {:.0} s", asked.len(), unanswered.len(), begin.elapsed().as_secs_f64());
    assert_eq!(unanswered.len(), 0, "of {}", asked.len());
    // All at once: nobody is left to hand over to, so nobody waits.
    processes.iter().for_each(|process| process.signal("-TERM"));
    let stopped = Instant::now();
    for process in processes {
        ended(process).await;
    }
    assert!(stopped.elapsed() < Duration::from_secs(15), "{:?}", stopped.elapsed());
    crew.world.discord.assert_no_violations();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_that_was_frozen_finds_out_that_another_has_its_shards() {
    let Some(mut crew) = Crew::new("frozen", 2).await else { return };
    let processes = [crew.start(), crew.start()];
    crew.world.served_by(&[1, 1]).await;
    shared_out(&*crew.store, 2, 2).await;
    processes[0].signal("-STOP");
    shared_out(&*crew.store, 1, 2).await;
    // Its own connection stays open meanwhile, and deaf.
    crew.world.discord.until_so("three sessions", |state| state.gateway.connected() == 3).await;
    let load = crew.world.load(OFTEN);
    processes[0].signal("-CONT");
    shared_out(&*crew.store, 2, 2).await;
    crew.world.served_by(&[1, 1]).await;
    let (asked, unanswered) = load.finish().await;
    assert_eq!(unanswered.len(), 0, "of {}", asked.len());
}
