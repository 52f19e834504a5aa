//! Source hashing: a source keeps its member, and only what belonged to a member that left moves.

use crate::drive::*;
use squall_balance::{AdminState, Algorithm, Arrival, MemberConfig, MemberId, Pool, PoolConfig, Source};
use std::net::{IpAddr, Ipv4Addr};

const SOURCES: u32 = 10_000;

fn address(number: u32) -> IpAddr {
    Ipv4Addr::from(0x0a00_0000 + number).into()
}

fn owner(pool: &mut Pool, source: Source<'_>, tried: &[MemberId]) -> Option<usize> {
    let member = pool.pick(0, Arrival::new(1).source(source).tried(tried)).member.ok()?;
    pool.closed(0, member);
    Some(member.index())
}

/// The member of each source.
fn owners(pool: &mut Pool) -> Vec<usize> {
    (0..SOURCES).filter_map(|number| owner(pool, address(number).into(), &[])).collect()
}

#[test]
fn when_a_member_leaves_only_its_own_sources_move_and_they_return_with_it() {
    let mut pool = pool(Algorithm::SourceHash, &[3, 1, 2, 5, 1]);
    let before = owners(&mut pool);
    for gone in pool.members() {
        pool.set_admin(0, gone, AdminState::Down);
        let without = owners(&mut pool);
        for (old, new) in before.iter().zip(&without) {
            assert_eq!(old != new, *old == gone.index());
        }
        pool.set_admin(0, gone, AdminState::Up);
        assert_eq!(owners(&mut pool), before);
    }
}

#[test]
fn the_next_member_for_a_source_is_the_one_it_would_have_without_the_first() {
    let mut pool = pool(Algorithm::SourceHash, &[1, 1, 1, 1]);
    for number in 0..500 {
        let source = Source::from(address(number));
        let first = owner(&mut pool, source, &[]).map(|index| id(&pool, index)).expect("a member");
        let next = owner(&mut pool, source, &[first]);
        pool.set_admin(0, first, AdminState::Drain);
        assert_eq!(owner(&mut pool, source, &[]), next);
        pool.set_admin(0, first, AdminState::Up);
    }
}

#[test]
fn a_larger_weight_only_draws_sources_in() {
    let mut pool = pool(Algorithm::SourceHash, &[4, 4, 4]);
    let before = owners(&mut pool);
    let heavier = id(&pool, 1);
    pool.set_weight(0, heavier, 8).expect("a weight");
    let after = owners(&mut pool);
    assert!(before.iter().zip(&after).all(|(old, new)| old == new || *new == 1));
    assert_ne!(before, after);
}

#[test]
fn sources_are_shared_by_weight() {
    let mut pool = pool(Algorithm::SourceHash, &[1, 2, 3, 4]);
    let mut counts = [0u32; 4];
    for owner in owners(&mut pool) {
        counts[owner] += 1;
    }
    // Exact for the seed, and within four standard deviations of 1000, 2000, 3000, 4000.
    assert_eq!(counts, [986, 1957, 3040, 4017]);
}

#[test]
fn many_members_of_one_weight_have_about_as_many_sources() {
    let mut pool = pool(Algorithm::SourceHash, &[1; 100]);
    let mut counts = [0u32; 100];
    for owner in owners(&mut pool) {
        counts[owner] += 1;
    }
    assert!(counts.iter().all(|count| (60..=140).contains(count)), "{counts:?}");
}

#[test]
fn the_order_of_the_list_does_not_matter() {
    let make = |names: [&str; 4]| {
        let members = names.map(|name| MemberConfig::new(name).weight(name.len() as u32));
        Pool::new(PoolConfig::new(Algorithm::SourceHash, members.to_vec()), 0).expect("a pool")
    };
    let named = |mut pool: Pool| -> Vec<String> {
        let owners = owners(&mut pool).into_iter();
        owners.map(|index| pool.member_name(id(&pool, index)).to_owned()).collect()
    };
    assert_eq!(named(make(["a", "bb", "c", "ddd"])), named(make(["ddd", "c", "a", "bb"])));
}

#[test]
fn a_client_is_the_same_in_either_notation_and_with_any_number() {
    let mut pool = pool(Algorithm::SourceHash, &[1; 50]);
    for number in 0..200 {
        let v4 = Ipv4Addr::from(0xc0a8_0000 + number);
        let plain = owner(&mut pool, IpAddr::V4(v4).into(), &[]);
        assert_eq!(owner(&mut pool, IpAddr::V6(v4.to_ipv6_mapped()).into(), &[]), plain);
        assert_eq!(owner(&mut pool, Source::Bytes(&v4.octets()), &[]), plain);
        let later = pool.pick(0, Arrival::new(u64::from(number)).source(IpAddr::V4(v4)));
        assert_eq!(later.member.ok().map(MemberId::index), plain);
    }
}
