//! Adds toxics to a proxy: all that belong together, or none.

use super::client::{Client, segment};
use crate::Failure;
use serde_json::Value;

/// What the server answered for each of `bodies`. `naming` says how the one who asked would give a toxic another name.
///
/// # Errors
/// As the server says. Those that were added before are taken off again.
pub(super) fn add(
    client: &Client,
    proxy: &str,
    bodies: &[Value],
    naming: &str,
) -> Result<Vec<Value>, Failure> {
    let path = format!("/proxies/{}/toxics", segment(proxy));
    let mut made: Vec<Value> = Vec::new();
    for body in bodies {
        match client.send("POST", &path, body) {
            Ok(toxic) => made.push(toxic),
            Err(mut failure) => {
                if failure.message.starts_with("HTTP 409") && failure.message.contains("toxic already exists")
                {
                    failure.message += &format!("; another one needs a name of its own: {naming}");
                }
                for toxic in &made {
                    let name = toxic["name"].as_str().unwrap_or_default();
                    if let Err(why) = client.delete(&format!("{path}/{}", segment(name))) {
                        failure.message += &format!("; `{name}` was added and stays: {}", why.message);
                    }
                }
                return Err(failure);
            }
        }
    }
    Ok(made)
}
