//! Pools for tests, and picks from them by name.

use squall_balance::{Algorithm, Arrival, MemberConfig, MemberId, Pool, PoolConfig};

pub(crate) const SECOND: u64 = 1_000_000_000;

/// Members `m0`, `m1`, … with these weights.
pub(crate) fn config(algorithm: Algorithm, weights: &[u32]) -> PoolConfig {
    let member = |(index, weight): (usize, &u32)| MemberConfig::new(format!("m{index}")).weight(*weight);
    PoolConfig::new(algorithm, weights.iter().enumerate().map(member).collect())
}

pub(crate) fn pool(algorithm: Algorithm, weights: &[u32]) -> Pool {
    Pool::new(config(algorithm, weights), 0).expect("a pool")
}

pub(crate) fn id(pool: &Pool, index: usize) -> MemberId {
    pool.members().nth(index).expect("a member")
}

/// The place of the member that a first attempt gets; the connection stays.
pub(crate) fn open(pool: &mut Pool, now: u64, connection: u64) -> Option<usize> {
    pool.pick(now, Arrival::new(connection)).member.ok().map(MemberId::index)
}

/// The same for a connection that ends at once.
pub(crate) fn touch(pool: &mut Pool, now: u64, connection: u64) -> Option<usize> {
    let member = pool.pick(now, Arrival::new(connection)).member.ok()?;
    pool.closed(now, member);
    Some(member.index())
}

/// Dials one member fail so often in a row; what came of it.
pub(crate) fn fail(
    pool: &mut Pool,
    now: u64,
    member: MemberId,
    times: usize,
) -> Vec<squall_balance::EventKind> {
    (0..times).flat_map(|_| pool.connect_failed(now, member)).map(|event| event.kind).collect()
}
