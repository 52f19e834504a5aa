//! The last word on each member.

use squall::MemberMetrics;

/// What a member has met, in a line.
pub(crate) fn line(balancer: &str, member: &MemberMetrics) -> String {
    let MemberMetrics { name, state, picks, connections, failures, ejections, .. } = member;
    format!(
        "[METRICS] {balancer} {name} ({state}) | picks: {picks} | connections: {connections} | failures: {failures} | \
         ejections: {ejections}"
    )
}
