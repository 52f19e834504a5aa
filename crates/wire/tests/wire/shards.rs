//! Threads of shards: named, counted modulo, and gone when nobody holds them.

use std::num::NonZeroUsize;
use std::thread;

use squall_wire::Shards;
use tokio::sync::oneshot;

#[test]
fn a_task_runs_on_the_shard_it_was_given() {
    let shards = Shards::start(NonZeroUsize::new(3).unwrap()).unwrap();
    assert_eq!(shards.count(), 3);
    for (number, name) in [(0, "squall-shard-0"), (2, "squall-shard-2"), (4, "squall-shard-1")] {
        let ran = shards.spawn(number, async { thread::current().name().map(str::to_owned) });
        assert_eq!(tokio_test::block_on(ran).unwrap().as_deref(), Some(name));
    }
}

#[test]
fn dropping_the_last_clone_drops_the_tasks() {
    let shards = Shards::start(NonZeroUsize::MIN).unwrap();
    let clone = shards.clone();
    let (held, dropped) = oneshot::channel::<()>();
    let task = shards.spawn(0, async move {
        let _held = held;
        std::future::pending::<()>().await;
    });
    drop(shards);
    assert!(!task.is_finished());
    drop(clone);
    assert!(tokio_test::block_on(dropped).is_err(), "the sender went with its task");
    assert!(tokio_test::block_on(task).unwrap_err().is_cancelled());
}

#[test]
fn the_background_shard_is_one_and_the_same() {
    let id = || {
        let shards = Shards::background().unwrap();
        assert_eq!(shards.count(), 1);
        tokio_test::block_on(shards.spawn(0, async { thread::current().id() })).unwrap()
    };
    assert_eq!(id(), id());
}
