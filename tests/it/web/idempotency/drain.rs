//! A rolling restart: a client that asks only ready nodes gets an answer each time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use candor::actor::{Actor, System};
use candor::staff::StaffRole::Comms;
use candor::staff::key;
use ureq::Agent;

use crate::house::House;
use crate::program::{Program, Running};

/// A node as a load balancer sees it.
struct Seen {
    base: String,
    ready: AtomicBool,
    /// How often it became ready.
    times: AtomicUsize,
}

fn agent() -> Agent {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(Duration::from_secs(10)));
    config.build().into()
}

/// Asks a node every fifty milliseconds whether it is ready.
fn watch(node: &Seen, ending: &AtomicBool) {
    while !ending.load(Ordering::Relaxed) {
        let asked = agent().get(format!("{}/readyz", node.base)).call();
        let ready = asked.is_ok_and(|answer| answer.status() == 200);
        if ready && !node.ready.swap(ready, Ordering::SeqCst) {
            node.times.fetch_add(1, Ordering::SeqCst);
        } else {
            node.ready.store(ready, Ordering::SeqCst);
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Asks ready nodes in turn over persistent connections; returns the failures.
fn ask(nodes: &[Arc<Seen>], ending: &AtomicBool, key: &str, asked: &AtomicUsize) -> Vec<String> {
    let mut failed = Vec::new();
    let mut agents: Vec<_> = nodes.iter().map(|_| (0, agent())).collect();
    for n in 0.. {
        if ending.load(Ordering::Relaxed) {
            break;
        }
        let at = n % nodes.len();
        let node = &nodes[at];
        if !node.ready.load(Ordering::SeqCst) {
            std::thread::yield_now();
            continue;
        }
        let times = node.times.load(Ordering::SeqCst);
        if agents[at].0 != times {
            // Connections to the former process are useless.
            agents[at] = (times, agent());
        }
        let request = agents[at].1.get(format!("{}/api/v1/campaigns", node.base));
        let request = request.header("authorization", format!("Bearer {key}"));
        match request.call() {
            Ok(mut answer) => {
                let body = answer.body_mut().read_to_string();
                if answer.status() != 200 || body.is_err() {
                    failed.push(format!("{} {body:?}", answer.status()));
                }
            }
            Err(error) => failed.push(error.to_string()),
        }
        asked.fetch_add(1, Ordering::Relaxed);
    }
    failed
}

async fn restart_each(
    programs: &[Program],
    running: &mut Vec<Running>,
    nodes: &[Arc<Seen>],
    asked: &AtomicUsize,
) {
    for (n, program) in programs.iter().enumerate() {
        // Both nodes are used before one is stopped.
        let (goal, at) = (
            nodes[n].times.load(Ordering::SeqCst),
            asked.load(Ordering::Relaxed),
        );
        while nodes.iter().any(|node| !node.ready.load(Ordering::SeqCst))
            || asked.load(Ordering::Relaxed) < at + 50
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let node = running.remove(0);
        assert_eq!(node.terminate().await.code(), Some(0));
        let mut node = program.start("serve");
        node.until_ready(program).await;
        running.push(node);
        while nodes[n].times.load(Ordering::SeqCst) <= goal {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn start_two(house: &House) -> ([Program; 2], Vec<Running>) {
    let programs = [0, 1].map(|_| {
        Program::of(house)
            .without("CANDOR__HTTP__DRAIN_SECONDS")
            .with("CANDOR__HTTP__DRAIN_SECONDS", "1")
            .with("CANDOR__HTTP__METRICS_LISTEN", "")
    });
    let mut running = Vec::new();
    for program in &programs {
        let mut node = program.start("serve");
        node.until_ready(program).await;
        running.push(node);
    }
    (programs, running)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rolling_restart_breaks_no_connection() {
    let house = House::new().await;
    let made = key::create(&house.app, Actor::System(System::Cli), "program", &[Comms]).await;
    let key = made.unwrap().1.expose();
    let (programs, mut running) = start_two(&house).await;
    let nodes: Vec<_> = programs
        .iter()
        .map(|program| {
            Arc::new(Seen {
                base: program.base(),
                ready: AtomicBool::new(false),
                times: AtomicUsize::new(0),
            })
        })
        .collect();
    let (ending, asked) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicUsize::new(0)),
    );
    for node in &nodes {
        let (node, ending) = (Arc::clone(node), Arc::clone(&ending));
        std::thread::spawn(move || watch(&node, &ending));
    }
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (nodes, ending, asked) = (nodes.clone(), Arc::clone(&ending), Arc::clone(&asked));
            let key = key.clone();
            std::thread::spawn(move || ask(&nodes, &ending, &key, &asked))
        })
        .collect();
    restart_each(&programs, &mut running, &nodes, &asked).await;
    ending.store(true, Ordering::Relaxed);
    let failed: Vec<_> = tokio::task::block_in_place(|| {
        clients
            .into_iter()
            .flat_map(|client| client.join().unwrap())
            .collect()
    });
    let asked = asked.load(Ordering::Relaxed);
    println!(
        "rolling restart of two nodes: {asked} requests, {} failed",
        failed.len()
    );
    assert_eq!(failed, Vec::<String>::new());
}
